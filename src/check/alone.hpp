#pragma once

#include "src/check/subject.hpp"

namespace dagrad::detail {

/// Checks nodes that cotangents pass on their way from the ys to the xs, each alone with a random
/// cotangent at the values that it has there: a rule may be wrong for all cotangents but those that
/// this graph happens to hand it. Where the gradient has been found wrong they are all checked,
/// element by element; else a sample of `options.nodes`, along random directions, but for those
/// whose results are ys, which the seed reaches as it is. Counts them in the report and names the
/// first, as the graph counts, that disagrees.
void check_alone(const Subject& subject, const CheckOptions& options, Rng& rng,
                 CheckReport& report);

}  // namespace dagrad::detail
