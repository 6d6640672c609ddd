#pragma once

#include "src/check/subject.hpp"

namespace dagrad::detail {

/// Checks nodes between the ys and the xs alone, each with a random cotangent at the values that it
/// has in the graph, because a rule may be right only for the cotangents that this graph happens to
/// give it. If the gradient has been found wrong, all nodes are checked element by element; else a
/// sample of `options.nodes` along random directions, leaving out nodes whose results are ys, as
/// these get the seed itself. Counts the nodes in the report and names the first in graph order
/// that disagrees.
void check_alone(const Subject& subject, const CheckOptions& options, Rng& rng,
                 CheckReport& report);

}  // namespace dagrad::detail
