#include "dagrad/train/gradient_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "dagrad/apply.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "src/graph/told_at.hpp"
#include "src/train/activation_shares.hpp"
#include "src/train/forward_order.hpp"
#include "src/train/statistics_ops.hpp"

namespace dagrad {

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

void check_loss(const Value& loss) {
  const std::string text =
      fmt::format("the loss must be a float scalar, got {}", to_string(loss.type()));
  if (loss.rank() != 0) throw ShapeError(text);
  if (!is_float(loss.dtype())) throw TypeError(text);
}

void check_values(ValueSpan values, ValueSpan gradients) {
  if (values.empty()) throw ArgumentError("needs at least one value to report on");
  if (values.size() != gradients.size())
    throw ArgumentError(fmt::format("the number of gradients, {}, differs from that of values, {}",
                                    gradients.size(), values.size()));
  std::unordered_set<Value> seen;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value &value = values[i], &gradient = gradients[i];
    if (!seen.insert(value).second)
      throw ArgumentError(fmt::format("value '{}' is listed twice", value.name()));
    if (!is_float(value.dtype()))
      throw TypeError(fmt::format("value '{}' is {}, which is not a float type", value.name(),
                                  to_string(value.type())));
    const std::string text =
        fmt::format("value '{}' is {}, but its gradient '{}' is {}", value.name(),
                    to_string(value.type()), gradient.name(), to_string(gradient.type()));
    if (value.dtype() != gradient.dtype()) throw TypeError(text);
    if (value.shape() != gradient.shape()) throw ShapeError(text);
  }
}

const Update* update_of(const Value& value, std::span<const Update> updates) {
  const auto at = std::find_if(updates.begin(), updates.end(),
                               [&](const Update& update) { return update.parameter == value; });
  return at == updates.end() ? nullptr : &*at;
}

/// The root of a sum of squares that is not there before the first is added.
class NormOfNorms {
 public:
  void add(double norm) {
    sum_ = std::hypot(sum_, norm);
    empty_ = false;
  }
  double value() const { return empty_ ? missing : sum_; }

 private:
  double sum_ = 0;
  bool empty_ = true;
};

/// A mean of shares, which is not there before the first is added.
class MeanShare {
 public:
  void add(double share, double weight) {
    sum_ += share * weight;
    weight_ += weight;
  }
  double value() const { return weight_ > 0 ? sum_ / weight_ : missing; }

 private:
  double sum_ = 0, weight_ = 0;
};

double ratio_of(double update, double value) { return value > 0 ? update / value : missing; }

}  // namespace

GradientReport gradient_report(const Value& loss, ValueSpan values, ValueSpan gradients,
                               std::span<const Update> updates, Location where) {
  const Building building("gradient_report", {&loss, 1}, where);
  building.checked([&] {
    check_loss(loss);
    check_values(values, gradients);
  });
  const detail::ForwardOrder forward(loss, values);
  GradientReport report;
  for (const std::string& name : forward.layers()) report.layers_.emplace_back().name = name;
  report.layers_.back().last = true;

  std::vector<Value> parts{reshape(cast(loss, f64), {1})};
  for (const std::size_t i : forward.order()) {
    const Value& value = values[i];
    std::vector<Operand> operands{value, gradients[i]};
    const Update* const update = update_of(value, updates);
    if (update) operands.push_back(update->next);
    parts.push_back(apply(detail::GradientStatisticsOp{}, operands));
    report.add_value(value, forward.layer_of_value()[i], update != nullptr);
  }
  for (const detail::Activation& activation : forward.activations()) {
    const auto& [result, op, layer] = activation;
    parts.push_back(detail::inactive_share(result, op));
    report.activations_.push_back(
        {result.name(), detail::can_die(op), layer, detail::share_weight(result, op), missing});
    std::vector<std::string>& ops = report.layers_[layer].activations;
    if (std::find(ops.begin(), ops.end(), op) == ops.end()) ops.push_back(op);
  }
  report.statistics_ = concat(parts);
  report.type_ = report.statistics_.type();
  return report;
}

void GradientReport::add_value(const Value& value, std::size_t layer, bool updated) {
  GradientSeries& series = values_.emplace_back();
  series.name = value.name();
  series.where = to_string(value.node().where());
  series.elements = value.size();
  sources_.push_back({layer, updated});
  LayerSeries& of = layers_[layer];
  if (of.values.empty()) of.where = series.where;
  of.values.push_back(series.name);
  of.elements += series.elements;
}

struct GradientReport::LayerSums {
  NormOfNorms value, gradient, update;
  MeanShare zeros, dead, saturated;
};

void GradientReport::record(std::int64_t step, const Tensor& statistics, Location where) {
  record(step, statistics.view(), where);
}

void GradientReport::record(std::int64_t step, const View& statistics, Location where) {
  detail::told_at(where, [&] {
    const std::string text =
        fmt::format("GradientReport::record: the statistics of this report are {}, got {}",
                    to_string(type_), to_string(statistics.type));
    if (statistics.type.dtype != type_.dtype) throw TypeError(text);
    if (statistics.type.shape != type_.shape) throw ShapeError(text);
    if (!steps_.empty() && step <= steps_.back())
      throw ArgumentError(fmt::format(
          "GradientReport::record: steps must increase, got {} after {}", step, steps_.back()));
  });
  const auto numbers = statistics.as<double>();
  std::vector<LayerSums> sums(layers_.size());
  make_room();
  // From here on, nothing can fail.
  steps_.push_back(step);
  losses_.push_back(numbers[0]);
  record_values(numbers.subspan(1));
  record_layers(sums);
}

/// Reserves memory for one more step everywhere.
void GradientReport::make_room() {
  const auto more = [](auto& column) {
    if (column.size() == column.capacity()) column.reserve(2 * column.size() + 16);
  };
  const auto more_of = [&](GradientSeries& of) {
    for (auto* column : {&of.value, &of.gradient, &of.update, &of.ratio, &of.zeros}) more(*column);
  };
  more(steps_);
  more(losses_);
  for (GradientSeries& value : values_) more_of(value);
  for (LayerSeries& layer : layers_) {
    more_of(layer);
    more(layer.dead);
    more(layer.saturated);
  }
}

void GradientReport::record_values(std::span<const double> numbers) {
  for (GradientSeries& value : values_) {
    value.value.push_back(numbers[0]);
    value.gradient.push_back(numbers[1]);
    value.update.push_back(numbers[2]);
    value.ratio.push_back(ratio_of(numbers[2], numbers[0]));
    const auto elements = static_cast<double>(value.elements);
    value.zeros.push_back(elements > 0 ? 1 - numbers[3] / elements : missing);
    numbers = numbers.subspan(detail::GradientStatisticsOp::results);
  }
  for (std::size_t i = 0; i < activations_.size(); ++i) activations_[i].share = numbers[i];
}

void GradientReport::record_layers(std::vector<LayerSums>& sums) {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const GradientSeries& value = values_[i];
    LayerSums& of = sums[sources_[i].layer];
    of.value.add(value.value.back());
    of.gradient.add(value.gradient.back());
    if (sources_[i].updated) of.update.add(value.update.back());
    if (value.elements > 0) of.zeros.add(value.zeros.back(), static_cast<double>(value.elements));
  }
  for (const ActivationSource& activation : activations_) {
    LayerSums& of = sums[activation.layer];
    (activation.dies ? of.dead : of.saturated).add(activation.share, activation.weight);
  }
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    LayerSeries& layer = layers_[i];
    layer.value.push_back(sums[i].value.value());
    layer.gradient.push_back(sums[i].gradient.value());
    layer.update.push_back(sums[i].update.value());
    layer.ratio.push_back(ratio_of(layer.update.back(), layer.value.back()));
    layer.zeros.push_back(sums[i].zeros.value());
    layer.dead.push_back(sums[i].dead.value());
    layer.saturated.push_back(sums[i].saturated.value());
  }
}

std::vector<double> GradientSeries::gradient_size() const {
  std::vector<double> sizes;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double count = std::round(static_cast<double>(elements) * (1 - zeros[i]));
    sizes.push_back(count > 0 ? gradient[i] / std::sqrt(count) : gradient[i]);
  }
  return sizes;
}

}  // namespace dagrad
