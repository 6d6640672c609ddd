#include "src/train/step_builder.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <unordered_set>
#include <utility>

#include "dagrad/error.hpp"
#include "dagrad/ops/control.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

Scalar::Scalar(const Operand& scalar, std::string_view what) : scalar_(scalar) {
  if (scalar.is_literal()) return;
  const Type type = scalar.type();
  const std::string text =
      fmt::format("{} is a number or a float scalar, got {}", what, to_string(type));
  if (type.shape.rank() != 0) throw ShapeError(text);
  if (!is_float(type.dtype)) throw TypeError(text);
}

Operand Scalar::in(DType dtype) {
  if (scalar_.is_literal() || scalar_.dtype() == dtype) return scalar_;
  const auto [at, added] = casts_.try_emplace(dtype);
  if (added) at->second = cast(scalar_, dtype);
  return {at->second, scalar_.where().file, scalar_.where().line};
}

StepBuilder::StepBuilder(std::string_view optimizer, std::span<const Value> parameters,
                         std::span<const Value> gradients, const Operand& rate)
    : optimizer_(optimizer),
      parameters_(parameters),
      gradients_(gradients),
      where_(rate.where()),
      rate_(rate, fmt::format("{}: the rate", optimizer)) {
  if (rate_.is_literal()) require_not_negative("the rate", rate_.number());
  check_pairs();
  if (!empty()) transaction_.emplace(parameters.front().data());
}

void StepBuilder::check_pairs() const {
  if (parameters_.size() != gradients_.size())
    throw ArgumentError(fmt::format("{}: {} parameters, but {} gradients", optimizer_,
                                    parameters_.size(), gradients_.size()));
  std::unordered_set<Value> seen;
  for (std::size_t i = 0; i < size(); ++i) {
    const Value &p = parameters_[i], &g = gradients_[i];
    if (p.node().kind() != NodeKind::parameter)
      throw ArgumentError(fmt::format("{}: '{}' is no parameter", optimizer_, p.name()));
    if (!seen.insert(p).second)
      throw ArgumentError(fmt::format("{}: parameter '{}' is listed twice", optimizer_, p.name()));
    const std::string text =
        fmt::format("{}: parameter '{}' is {}, its gradient '{}' is {}", optimizer_, p.name(),
                    to_string(p.type()), g.name(), to_string(g.type()));
    if (p.dtype() != g.dtype()) throw TypeError(text);
    if (p.shape() != g.shape()) throw ShapeError(text);
  }
}

void StepBuilder::require_fraction(std::string_view name, double number) const {
  if (!(number >= 0 && number < 1))
    throw ArgumentError(fmt::format("{}: {} is in [0, 1), got {}", optimizer_, name, number));
}

void StepBuilder::require_not_negative(std::string_view name, double number) const {
  if (!(number >= 0 && std::isfinite(number)))
    throw ArgumentError(
        fmt::format("{}: {} is finite and at least 0, got {}", optimizer_, name, number));
}

Operand StepBuilder::slot(std::size_t i, std::string_view name) {
  const Value& p = parameters_[i];
  return at(
      append_parameter(p.data(), fmt::format("{}/{}", p.name(), name), Tensor(p.type()), where_));
}

Value StepBuilder::counter(std::string_view name) {
  return append_parameter(parameters_.front().data(), fmt::format("{}/{}", optimizer_, name),
                          Tensor(std::int64_t{0}), where_);
}

void StepBuilder::update(const Operand& parameter, const Value& next) {
  updates_.push_back({parameter.value(), next});
}

std::vector<Update> StepBuilder::finish() {
  if (transaction_) transaction_->keep();
  return std::move(updates_);
}

}  // namespace dagrad::detail
