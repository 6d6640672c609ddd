#include "dagrad/train/rate_range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "dagrad/apply.hpp"
#include "dagrad/csv.hpp"
#include "src/train/gnuplot.hpp"

namespace dagrad {

namespace {

void check(const Value& rate, const std::function<Feeds(std::int64_t)>& batch,
           const RateRangeOptions& options) {
  const NodeKind kind = rate.node().kind();
  if (kind != NodeKind::input && kind != NodeKind::parameter)
    throw ArgumentError(fmt::format("the rate '{}' must be an input or a parameter", rate.name()));
  const std::string type =
      fmt::format("the rate must be a float scalar, got {}", to_string(rate.type()));
  if (rate.rank() != 0) throw ShapeError(type);
  if (!is_float(rate.dtype())) throw TypeError(type);
  if (!batch) throw ArgumentError("the function that returns batches is empty");
  const auto& [from, to, steps, smoothing, rise] = options;
  if (!(from > 0 && from < to && std::isfinite(to)))
    throw ArgumentError(fmt::format("needs 0 < from < to, got from {} and to {}", from, to));
  if (steps < 2) throw ArgumentError(fmt::format("steps must be at least 2, got {}", steps));
  if (!(smoothing >= 0 && smoothing < 1))
    throw ArgumentError(fmt::format("smoothing must be in [0, 1), got {}", smoothing));
  if (!(rise >= 0)) throw ArgumentError(fmt::format("rise must be at least 0, got {}", rise));
}

double loss_of(const std::vector<Tensor>& results) {
  const std::string text = "the first result of the training step must be its loss, a float scalar";
  if (results.empty()) throw ArgumentError(text + "; it has no results");
  const Tensor& loss = results[0];
  if (loss.rank() != 0) throw ShapeError(text + ", got " + to_string(loss.type()));
  if (!is_float(loss.dtype())) throw TypeError(text + ", got " + to_string(loss.type()));
  return loss.item<double>();
}

/// The rates at which the smoothed loss falls fastest and at which it is least.
void find_rates(RateRange& range) {
  range.steepest = range.lowest = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double>& y = range.smoothed;
  double least = std::numeric_limits<double>::infinity(), fastest = 0;
  std::size_t lowest = 0;
  for (std::size_t i = 0; i < y.size(); ++i)
    if (y[i] < least) least = y[i], lowest = i;
  if (y.empty() || !std::isfinite(least)) return;
  range.lowest = range.rates[lowest];
  for (std::size_t i = 0; i < lowest; ++i) {
    const double slope = y[i + 1] - y[i];  // rates are equally far apart on a logarithmic scale
    if (slope < fastest) fastest = slope, range.steepest = range.rates[i];
  }
}

}  // namespace

RateRange rate_range(const Function& train, const State& state, const Value& rate,
                     const std::function<Feeds(std::int64_t)>& batch,
                     const RateRangeOptions& options, Location where) {
  const Building building("rate_range", {&rate, 1}, where);
  building.checked([&] { check(rate, batch, options); });
  State copy = state.copy();
  RateRange range;
  double average = 0, weight = 0, least = std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < options.steps && !range.diverged; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(options.steps - 1);
    range.rates.push_back(options.from * std::pow(options.to / options.from, part));
    const Tensor number = Tensor(range.rates.back()).cast(rate.dtype());
    Feeds feeds = batch(i);
    if (rate.node().kind() == NodeKind::input)
      feeds.emplace_back(rate, number);
    else
      copy.set(rate, number, where);
    const std::vector<Tensor> results = train(copy, feeds, {}, where);
    const double loss = building.checked([&] { return loss_of(results); });

    average = options.smoothing * average + (1 - options.smoothing) * loss;
    weight = options.smoothing * weight + (1 - options.smoothing);
    range.losses.push_back(loss);
    range.smoothed.push_back(average / weight);
    least = std::min(least, range.smoothed.back());
    const double most = least + options.rise * std::fabs(range.losses[0]);
    range.diverged = !(range.smoothed.back() <= most);
  }
  find_rates(range);
  return range;
}

std::string RateRange::text() const {
  if (rates.empty()) return "no rate was tried\n";
  const std::string end = diverged ? fmt::format("diverged at {:.2g}", rates.back())
                                   : fmt::format("did not diverge up to {:.2g}", rates.back());
  if (std::isnan(steepest)) return fmt::format("the loss never fell; training {}\n", end);
  return fmt::format(
      "the loss fell fastest at a rate of {:.2g} and was least at {:.2g}; training "
      "{}\n",
      steepest, lowest, end);
}

void RateRange::write_csv(const std::filesystem::path& file) const {
  const Shape rows{static_cast<std::int64_t>(rates.size())};
  dagrad::write_csv(file, {{"rate", Tensor(rows, rates)},
                           {"loss", Tensor(rows, losses)},
                           {"smoothed", Tensor(rows, smoothed)}});
}

void RateRange::draw(const std::filesystem::path& file) const {
  // Losses that have diverged would hide the others.
  const double first = losses.empty() ? 0 : std::fabs(losses[0]);
  const auto shown = [&](std::vector<double> numbers) {
    for (double& number : numbers)
      if (first > 0 && number > 4 * first) number = std::numeric_limits<double>::quiet_NaN();
    return numbers;
  };
  std::string mark;
  if (std::isfinite(steepest))
    mark = fmt::format(
        "set arrow from {0},graph 0 to {0},graph 1 nohead dashtype 2 lc rgb '#777777'\nset label "
        "'steepest' at {0},graph 0.95 offset 1,0\n",
        steepest);
  detail::draw_curves({file, "RateRange::draw"}, {"Learning-rate range test", "rate", "loss"},
                      {{"loss", rates, shown(losses)}, {"smoothed", rates, shown(smoothed)}},
                      {.log_x = true, .commands = mark});
}

}  // namespace dagrad
