#include "dagrad/train/gradient_warnings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "dagrad/train/gradient_report.hpp"
#include "src/graph/told_at.hpp"
#include "src/train/require.hpp"

namespace dagrad {

namespace {

/// The last recorded steps of a report.
class Window {
 public:
  Window(const GradientReport& report, int steps)
      : report_(report),
        last_(report.steps().size()),
        first_(last_ - std::min(last_, static_cast<std::size_t>(steps))) {}

  const std::vector<LayerSeries>& layers() const { return report_.layers(); }
  const std::vector<std::int64_t>& steps() const { return report_.steps(); }
  std::size_t first() const { return first_; }
  std::size_t last() const { return last_; }  ///< one after the last
  /// The median of the numbers within the window that are not NaN; NaN if there is none.
  double median(const std::vector<double>& numbers) const {
    std::vector<double> some;
    for (std::size_t i = first_; i < last_; ++i)
      if (!std::isnan(numbers[i])) some.push_back(numbers[i]);
    if (some.empty()) return std::nan("");
    const auto middle = some.begin() + static_cast<std::ptrdiff_t>(some.size() / 2);
    std::nth_element(some.begin(), middle, some.end());
    return *middle;
  }

 private:
  const GradientReport& report_;
  std::size_t last_, first_;
};

/// The warning of one fault, whatever number of layers has it.
class Collector {
 public:
  Collector(GradientFault fault, double threshold) {
    warning_.fault = fault;
    warning_.threshold = threshold;
  }
  /// `measured` is what the threshold limits, and worse the larger `severity` is.
  void add(const LayerSeries& layer, double measured, double severity, std::int64_t step) {
    warning_.layers.push_back(layer.name);
    if (worst_ && severity <= severity_) return;
    worst_ = &layer;
    severity_ = severity;
    warning_.layer = layer.name;
    warning_.measured = measured;
    warning_.step = step;
  }
  const LayerSeries* worst() const { return worst_; }
  double measured() const { return warning_.measured; }
  /// The worst layer and the line that made it.
  std::string place() const {
    return fmt::format("{} (made at {})", warning_.layer, worst_->where);
  }
  /// Appends the warning, with a sentence of what was measured and one of cures.
  void finish(std::vector<GradientWarning>& warnings, std::string_view what,
              std::string_view cure) {
    const std::size_t others = warning_.layers.size() - 1;
    const std::string also = others == 0 ? ""
                                         : fmt::format("; {} more layer{} this fault", others,
                                                       others == 1 ? " has" : "s have");
    warning_.text = fmt::format("step {}, {}: {}{}. {}", warning_.step, to_string(warning_.fault),
                                what, also, cure);
    warnings.push_back(std::move(warning_));
  }

 private:
  GradientWarning warning_;
  const LayerSeries* worst_ = nullptr;
  double severity_ = 0;
};

void find_not_finite(const Window& window, std::vector<GradientWarning>& warnings) {
  for (std::size_t i = 0; i < window.last(); ++i) {
    Collector found(GradientFault::not_finite, 0);
    for (const LayerSeries& layer : window.layers())
      if (!std::isfinite(layer.gradient[i]))
        found.add(layer, layer.gradient[i], 0, window.steps()[i]);
    if (!found.worst()) continue;
    return found.finish(
        warnings, fmt::format("the gradient of {} contains an infinity or a NaN", found.place()),
        "Compile with check_finite to find the node that it comes from, or try a smaller learning "
        "rate or clip_by_global_norm.");
  }
}

/// Whether the numbers of any layer are above a limit.
bool any_above(const Window& window, double limit, std::vector<double> LayerSeries::*numbers) {
  return std::any_of(window.layers().begin(), window.layers().end(), [&](const LayerSeries& layer) {
    return window.median(layer.*numbers) > limit;
  });
}

void find_no_gradient(const Window& window, std::vector<GradientWarning>& warnings) {
  Collector found(GradientFault::no_gradient, 1);
  for (const LayerSeries& layer : window.layers())
    if (window.median(layer.zeros) == 1) found.add(layer, 1, 0, window.steps().back());
  if (!found.worst()) return;
  found.finish(warnings, fmt::format("all elements of the gradient of {} are 0", found.place()),
               any_above(window, 0.999, &LayerSeries::dead)
                   ? "All units of a relu behind it are dead: try a smaller learning rate, He "
                     "initialisation, or leaky_relu."
               : any_above(window, 0.5, &LayerSeries::saturated)
                   ? "The activations behind it are saturated: try a smaller learning rate, "
                     "clip_by_global_norm, or Glorot initialisation."
                   : "Train on a loss that depends on it smoothly, without argmax, comparisons or "
                     "rounding.");
}

/// Why gradients shrink between two layers, and what helps.
std::string cure_of_vanishing(const Window& window, std::size_t early, std::size_t late) {
  for (std::size_t i = early; i <= late; ++i)
    for (const std::string& op : window.layers()[i].activations)
      if (op == "sigmoid" || op == "hard_sigmoid")
        return fmt::format(
            "Each {} passes on at most a {} of a gradient: try relu with He "
            "initialisation, a normalisation layer, or residual connections.",
            op, op == "sigmoid" ? "quarter" : "sixth");
      else if (window.median(window.layers()[i].saturated) > 0.25)
        return fmt::format(
            "A saturated {} passes on little of a gradient: try Glorot "
            "initialisation, a normalisation layer, or residual connections.",
            op);
  return "Each layer multiplies the gradient by its weights, which may be too small: try He or "
         "Glorot initialisation, a normalisation layer, or residual connections.";
}

/// Compares each layer with all later ones.
void find_vanishing(const Window& window, double threshold,
                    std::vector<GradientWarning>& warnings) {
  const std::vector<LayerSeries>& layers = window.layers();
  Collector found(GradientFault::vanishing, threshold);
  std::size_t largest = layers.size(), worst = 0, reference = 0;
  double largest_size = 0;
  for (std::size_t i = layers.size(); i-- > 0;) {
    const double size = window.median(layers[i].gradient_size());
    if (largest != layers.size() && size > 0 && size * threshold < largest_size) {
      found.add(layers[i], largest_size / size, largest_size / size, window.steps().back());
      if (found.worst() == &layers[i]) worst = i, reference = largest;
    }
    if (std::isfinite(size) && size > largest_size) largest_size = size, largest = i;
  }
  if (!found.worst()) return;
  found.finish(warnings,
               fmt::format("the gradients of {} are {:.1e} times smaller than those of {}",
                           found.place(), found.measured(), layers[reference].name),
               cure_of_vanishing(window, worst, reference));
}

/// Compares each layer with all later ones in each step, since gradients may explode in one batch
/// and not in others.
void find_exploding(const Window& window, double threshold,
                    std::vector<GradientWarning>& warnings) {
  const std::vector<LayerSeries>& layers = window.layers();
  Collector found(GradientFault::exploding, threshold);
  std::vector<std::vector<double>> sizes;
  for (const LayerSeries& layer : layers) sizes.push_back(layer.gradient_size());
  std::string reference;
  for (std::size_t early = 0; early < layers.size(); ++early) {
    double most = 0;
    std::size_t step = 0, than = 0;
    for (std::size_t i = window.first(); i < window.last(); ++i)
      for (std::size_t late = early + 1; late < layers.size(); ++late)
        if (const double times = sizes[early][i] / sizes[late][i];
            sizes[late][i] > 0 && std::isfinite(times) && times > most)
          most = times, step = i, than = late;
    if (most <= threshold) continue;
    found.add(layers[early], most, most, window.steps()[step]);
    if (found.worst() == &layers[early]) reference = layers[than].name;
  }
  if (!found.worst()) return;
  found.finish(warnings,
               fmt::format("the gradients of {} are {:.1e} times larger than those of {}",
                           found.place(), found.measured(), reference),
               "Try clip_by_global_norm, smaller or orthogonal initial weights, a normalisation "
               "layer, or in a recurrent network an LSTM or a GRU.");
}

void find_large_updates(const Window& window, double threshold,
                        std::vector<GradientWarning>& warnings) {
  Collector found(GradientFault::large_update, threshold);
  for (const LayerSeries& layer : window.layers())
    if (const double ratio = window.median(layer.ratio); ratio > threshold)
      found.add(layer, ratio, ratio, window.steps().back());
  if (found.worst())
    found.finish(
        warnings,
        fmt::format("a step changes {} by {:.1e} times its norm", found.place(), found.measured()),
        "About 1e-3 is usual: try a smaller learning rate, a warm-up, "
        "clip_by_global_norm, or smaller initial weights.");
}

void find_small_updates(const Window& window, const std::vector<double>& losses, double threshold,
                        std::vector<GradientWarning>& warnings) {
  if (window.median(losses) < losses.front() - 0.1 * std::fabs(losses.front())) return;
  Collector found(GradientFault::small_update, threshold);
  for (const LayerSeries& layer : window.layers()) {
    const double ratio = window.median(layer.ratio);
    if (ratio >= threshold) return;
    if (ratio < threshold) found.add(layer, ratio, 1 / ratio, window.steps().back());
  }
  if (found.worst())
    found.finish(warnings,
                 fmt::format("a step changes {} by only {:.1e} times its norm, and the loss has "
                             "not fallen",
                             found.place(), found.measured()),
                 any_above(window, 0.5, &LayerSeries::saturated)
                     ? "Activations are saturated, perhaps by earlier steps that were too large: "
                       "try a smaller learning rate or smaller initial weights."
                     : "About 1e-3 is usual: try a larger learning rate, such as the one that "
                       "rate_range finds.");
}

void find_dead(const Window& window, double threshold, std::vector<GradientWarning>& warnings) {
  Collector found(GradientFault::dead, threshold);
  for (const LayerSeries& layer : window.layers())
    if (const double dead = window.median(layer.dead); dead > threshold)
      found.add(layer, dead, dead, window.steps().back());
  if (found.worst())
    found.finish(warnings,
                 fmt::format("{:.0f} % of the units behind {} are 0 for all rows of a batch",
                             found.measured() * 100, found.place()),
                 "Such units do not learn: try a smaller learning rate, He initialisation, or "
                 "leaky_relu.");
}

void find_saturated(const Window& window, double threshold,
                    std::vector<GradientWarning>& warnings) {
  Collector found(GradientFault::saturated, threshold);
  for (const LayerSeries& layer : window.layers())
    if (const double share = window.median(layer.saturated); share > threshold && !layer.last)
      found.add(layer, share, share, window.steps().back());
  if (found.worst())
    found.finish(warnings,
                 fmt::format("{:.0f} % of the activations behind {} are saturated",
                             found.measured() * 100, found.place()),
                 "Their slope is close to 0: standardise the data, or try Glorot initialisation, a "
                 "normalisation layer, or relu.");
}

void check_thresholds(const GradientThresholds& thresholds) {
  const auto positive = [](const std::string& name, double number) {
    detail::require(number > 0, "GradientReport::warnings: " + name, "above 0", number);
  };
  positive("exploding", thresholds.exploding);
  positive("vanishing", thresholds.vanishing);
  positive("large_update", thresholds.large_update);
  positive("small_update", thresholds.small_update);
  positive("dead", thresholds.dead);
  positive("saturated", thresholds.saturated);
  positive("steps", thresholds.steps);
}

}  // namespace

std::string to_string(GradientFault fault) {
  static constexpr const char* names[] = {"not finite",   "no gradient",  "exploding", "vanishing",
                                          "large update", "small update", "dead",      "saturated"};
  return names[static_cast<std::size_t>(fault)];
}

std::vector<GradientWarning> GradientReport::warnings(const GradientThresholds& thresholds,
                                                      Location where) const {
  detail::told_at(where, [&] { check_thresholds(thresholds); });
  std::vector<GradientWarning> warnings;
  if (steps_.empty()) return warnings;
  const Window window(*this, thresholds.steps);
  find_not_finite(window, warnings);
  find_no_gradient(window, warnings);
  find_exploding(window, thresholds.exploding, warnings);
  find_vanishing(window, thresholds.vanishing, warnings);
  find_large_updates(window, thresholds.large_update, warnings);
  find_small_updates(window, losses_, thresholds.small_update, warnings);
  find_dead(window, thresholds.dead, warnings);
  find_saturated(window, thresholds.saturated, warnings);
  return warnings;
}

}  // namespace dagrad
