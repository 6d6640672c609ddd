#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/train/fit.hpp"

/// What a training decides from its past: functions of the history alone, so that a resumed
/// training decides the same.
namespace dagrad::detail {

/// The monitored column, negated if larger is better, so that smaller is.
std::vector<double> monitored(const History& history, const FitOptions& options);

/// Position of the smallest number, the first one at a tie. NaN is larger than every number.
std::size_t best_position(std::span<const double> values);

/// How many of the last numbers in a row have not been less than the best before, by at least
/// `least`.
std::int64_t without_improvement(std::span<const double> values, double least);

/// Whether the rate is reduced after the last of these epochs: whenever `patience` epochs in a row
/// were without improvement, of which those before the last reduction do not count.
bool reduces_now(std::span<const double> values, const ReduceOnPlateau& plateau);

}  // namespace dagrad::detail
