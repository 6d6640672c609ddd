#pragma once

#include "src/check/subject.hpp"

namespace dagrad::detail {

/// Whether the gradient jumps between the point and random other points nearby. This indicates a
/// kink, which finite differences can avoid only if `decisions` reports it.
bool has_kink(Subject& subject, const CheckOptions& options, Rng& rng);

}  // namespace dagrad::detail
