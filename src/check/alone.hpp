#pragma once

#include <string>

#include "src/check/subject.hpp"

namespace dagrad::detail {

/// The first node of a subject, as the graph counts, whose gradient disagrees with finite
/// differences when it is checked alone at the values that it has there, described; empty where
/// each agrees.
std::string find_culprit(const Subject& subject, const CheckOptions& options, Rng& rng);

}  // namespace dagrad::detail
