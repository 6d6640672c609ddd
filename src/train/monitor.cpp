#include "src/train/monitor.hpp"

#include <cmath>
#include <limits>

namespace dagrad::detail {

namespace {

/// Counts epochs without improvement, one after the other.
struct WithoutImprovement {
  double least;
  double best = std::numeric_limits<double>::infinity();
  std::int64_t count = 0;

  void add(double value) {
    const bool better = value < best && (std::isinf(best) || best - value >= least);
    if (better) best = value;
    count = better ? 0 : count + 1;
  }
};

}  // namespace

std::vector<double> monitored(const History& history, const FitOptions& options) {
  const std::string fallback = history.has("validation") ? "validation" : "loss";
  std::vector<double> values = history[options.monitor.empty() ? fallback : options.monitor];
  if (options.maximize)
    for (double& value : values) value = -value;
  return values;
}

std::size_t best_position(std::span<const double> values) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < values.size(); ++i)
    if (values[i] < values[best] || (std::isnan(values[best]) && !std::isnan(values[i]))) best = i;
  return best;
}

std::int64_t without_improvement(std::span<const double> values, double least) {
  WithoutImprovement counter{least};
  for (const double value : values) counter.add(value);
  return counter.count;
}

bool reduces_now(std::span<const double> values, const ReduceOnPlateau& plateau) {
  WithoutImprovement counter{plateau.least_improvement};
  bool reduces = false;
  for (const double value : values) {
    counter.add(value);
    reduces = counter.count >= plateau.patience;
    if (reduces) counter.count = 0;
  }
  return reduces;
}

}  // namespace dagrad::detail
