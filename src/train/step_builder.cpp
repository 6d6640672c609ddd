#include "src/train/step_builder.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "dagrad/error.hpp"
#include "dagrad/ops/control.hpp"
#include "src/train/require.hpp"

namespace dagrad::detail {

Scalar::Scalar(const Operand& scalar, std::string_view what) : scalar_(scalar) {
  if (scalar.is_literal()) return;
  const Type type = scalar.type();
  const std::string text =
      fmt::format("{} must be a number or a float scalar, got {}", what, to_string(type));
  if (type.shape.rank() != 0) throw ShapeError(text);
  if (!is_float(type.dtype)) throw TypeError(text);
}

Operand Scalar::in(DType dtype) {
  if (scalar_.is_literal() || scalar_.dtype() == dtype) return scalar_;
  const auto [at, added] = casts_.try_emplace(dtype);
  if (added) at->second = cast(scalar_, dtype);
  return at->second;
}

StepBuilder::StepBuilder(std::string_view optimizer, std::span<const Value> parameters,
                         std::span<const Value> gradients, const Operand& rate)
    : optimizer_(optimizer),
      parameters_(parameters),
      gradients_(gradients),
      building_(optimizer, parameters, rate.where()),
      rate_(building_.checked([&] { return Scalar(rate, "the rate"); })) {
  if (rate_.is_literal()) require_not_negative("the rate", rate_.number());
  check([&] { check_pairs(); });
}

void StepBuilder::check_pairs() const {
  if (parameters_.size() != gradients_.size())
    throw ArgumentError(
        fmt::format("the number of gradients, {}, differs from that of parameters, {}",
                    gradients_.size(), parameters_.size()));
  ListedParameters listed;
  for (std::size_t i = 0; i < size(); ++i) {
    const Value &p = parameters_[i], &g = gradients_[i];
    listed.add(p);
    const std::string text =
        fmt::format("parameter '{}' is {}, but its gradient '{}' is {}", p.name(),
                    to_string(p.type()), g.name(), to_string(g.type()));
    if (p.dtype() != g.dtype()) throw TypeError(text);
    if (p.shape() != g.shape()) throw ShapeError(text);
  }
}

void StepBuilder::require_fraction(std::string_view name, double number) const {
  check([&] { require(number >= 0 && number < 1, name, "in [0, 1)", number); });
}

void StepBuilder::require_not_negative(std::string_view name, double number) const {
  check([&] {
    require(number >= 0 && std::isfinite(number), name, "finite and at least 0", number);
  });
}

Value StepBuilder::slot(std::size_t i, std::string_view name) {
  const Value& p = parameters_[i];
  return building_.parameter(fmt::format("{}/{}", p.name(), name), Tensor(p.type()));
}

Value StepBuilder::counter(std::string_view name) {
  return building_.parameter(fmt::format("{}/{}", optimizer_, name), Tensor(std::int64_t{0}));
}

}  // namespace dagrad::detail
