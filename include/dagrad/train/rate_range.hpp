#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"

namespace dagrad {

struct RateRangeOptions {
  double from = 1e-5, to = 10;  ///< the first and the last rate; 0 < from < to
  std::int64_t steps = 100;     ///< the number of rates, at least 2
  /// The part of the previous average in the moving average of losses, in [0, 1). Use 0 if every
  /// batch is the whole data.
  double smoothing = 0.9;
  /// The test ends when the smoothed loss is this many first losses above its least value, or is
  /// not finite. At least 0.
  double rise = 3;
};

/// The losses of a learning-rate range test.
struct RateRange {
  std::vector<double> rates;     ///< each with one training step
  std::vector<double> losses;    ///< before that step
  std::vector<double> smoothed;  ///< moving average of the losses, corrected for its beginning
  bool diverged = false;         ///< whether the test ended because the loss rose
  /// The rate at which the smoothed loss fell fastest per decade, a rate to train with. NaN if it
  /// never fell.
  double steepest = 0;
  /// The rate with the least smoothed loss; training needs a lower one.
  double lowest = 0;

  std::string text() const;  ///< one line with both rates and the end of the test
  /// Writes the columns "rate", "loss" and "smoothed". Throws as `dagrad::write_csv` does.
  void write_csv(const std::filesystem::path& file) const;
  /// Draws loss over rate with gnuplot, as .svg or .png, with a mark at `steepest`. Throws
  /// ArgumentError for another extension, FileError if gnuplot is missing or fails.
  void draw(const std::filesystem::path& file) const;
};

/// The learning-rate range test (Smith 2017, "Cyclical learning rates for training neural
/// networks"): trains with rates that grow by the same factor from step to step and watches where
/// the loss falls and where it rises. `train` is a training step whose first result is the loss,
/// and `rate` the input or parameter that it takes its learning rate from, a float scalar. `batch`
/// returns the feeds of a step, counted from 0, without the rate. The State is copied and not
/// changed.
///
/// Throws ArgumentError if an option is out of range, the rate is neither an input nor a parameter,
/// or there is no batch; TypeError or ShapeError if the rate or the loss is not a float scalar; and
/// what `train` throws.
RateRange rate_range(const Function& train, const State& state, const Value& rate,
                     const std::function<Feeds(std::int64_t)>& batch,
                     const RateRangeOptions& options = {}, Location where = Location::here());

}  // namespace dagrad
