#pragma once

#include "src/check/subject.hpp"

namespace dagrad::detail {

/// Whether the gradient jumps somewhere between the point and random others among its numbers: a
/// kink, which finite differences can step over only where decisions tell of it.
bool has_kink(Subject& subject, const CheckOptions& options, Rng& rng);

}  // namespace dagrad::detail
