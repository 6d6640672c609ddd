#include "dagrad/train/rate_range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dagrad/csv.hpp"
#include "src/graph/told_at.hpp"
#include "src/train/gnuplot.hpp"
#include "src/train/require.hpp"

namespace dagrad {

namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_rate(const Function& train, const Value& rate) {
  const NodeKind kind = rate.node().kind();
  if (kind != NodeKind::input && kind != NodeKind::parameter)
    throw ArgumentError(
        fmt::format("rate_range: the rate '{}' is neither an input nor a parameter", rate.name()));
  const std::string type =
      fmt::format("rate_range: the rate must be a float scalar, got {}", to_string(rate.type()));
  if (rate.rank() != 0) throw ShapeError(type);
  if (!is_float(rate.dtype())) throw TypeError(type);
  if (!has(kind == NodeKind::input ? train.input_names() : train.parameter_names(), rate.name()))
    throw ArgumentError(
        fmt::format("rate_range: the training step does not depend on the rate '{}'", rate.name()));
}

void check_options(const RateRangeOptions& options) {
  using detail::require;
  require(options.from > 0 && std::isfinite(options.from), "rate_range: from", "finite and above 0",
          options.from);
  require(options.to > options.from && std::isfinite(options.to), "rate_range: to",
          fmt::format("finite and above from, {}", options.from), options.to);
  require(options.steps >= 2, "rate_range: steps", "at least 2", options.steps);
  require(options.smoothing >= 0 && options.smoothing < 1, "rate_range: smoothing", "in [0, 1)",
          options.smoothing);
  require(options.rise >= 0, "rate_range: rise", "at least 0", options.rise);
}

double loss_of(const std::vector<Tensor>& results) {
  const std::string text =
      "rate_range: the first result of the training step must be its loss, a float scalar";
  if (results.empty()) throw ArgumentError(text + ", but it has no results");
  const Tensor& loss = results[0];
  if (loss.rank() != 0) throw ShapeError(text + ", got " + to_string(loss.type()));
  if (!is_float(loss.dtype())) throw TypeError(text + ", got " + to_string(loss.type()));
  return loss.cast(f64).item<double>();
}

/// The rates at which the smoothed loss falls fastest and at which it is least.
void find_rates(RateRange& range) {
  range.steepest = range.lowest = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double>& y = range.smoothed;
  double least = std::numeric_limits<double>::infinity(), fastest = 0;
  std::size_t lowest = 0;
  for (std::size_t i = 0; i < y.size(); ++i)
    if (std::isfinite(y[i]) && y[i] < least) least = y[i], lowest = i;
  if (!std::isfinite(least)) return;
  range.lowest = range.rates[lowest];
  for (std::size_t i = 0; i < lowest; ++i) {
    const double slope = y[i + 1] - y[i];  // rates are equally far apart on a logarithmic scale
    if (slope < fastest) fastest = slope, range.steepest = range.rates[i];
  }
}

/// A moving average of losses, corrected for its beginning as Adam's moments are.
class SmoothedLoss {
 public:
  explicit SmoothedLoss(double smoothing) : smoothing_(smoothing) {}
  double operator()(double loss) {
    sum_ = smoothing_ * sum_ + (1 - smoothing_) * loss;
    weight_ = smoothing_ * weight_ + (1 - smoothing_);
    return sum_ / weight_;
  }

 private:
  double smoothing_, sum_ = 0, weight_ = 0;
};

}  // namespace

RateRange rate_range(const Function& train, const State& state, const Value& rate,
                     const std::function<Feeds(std::int64_t)>& batch,
                     const RateRangeOptions& options, Location where) {
  detail::told_at(where, [&] {
    check_options(options);
    check_rate(train, rate);
    if (!batch) throw ArgumentError("rate_range: the function that returns batches is empty");
  });
  State copy = state.copy();
  RateRange range;
  SmoothedLoss smooth(options.smoothing);
  double least = std::numeric_limits<double>::infinity();
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
    range.losses.push_back(detail::told_at(where, [&] { return loss_of(results); }));
    range.smoothed.push_back(smooth(range.losses.back()));
    const double now = range.smoothed.back();
    least = std::min(least, now);
    range.diverged = !std::isfinite(now) || now > least + options.rise * std::fabs(range.losses[0]);
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
        "'steepest ' at {0},graph 0.05 right\n",
        steepest);
  std::vector<detail::Curve> curves{{"loss", rates, shown(losses)}};
  if (smoothed != losses) curves.push_back({"smoothed", rates, shown(smoothed)});
  detail::draw_curves({file, "RateRange::draw"}, {"Learning-rate range test", "rate", "loss"},
                      curves, {.log_x = true, .commands = "set key left bottom\n" + mark});
}

}  // namespace dagrad
