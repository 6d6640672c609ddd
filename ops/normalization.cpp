#include "dagrad/ops/normalization.hpp"

#include <cmath>
#include <string>

#include "dagrad/ops/control.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "ops/families.hpp"

namespace dagrad {

namespace {

std::vector<std::int64_t> last_axes(std::int64_t n) {
  std::vector<std::int64_t> axes;
  for (std::int64_t axis = -n; axis < 0; ++axis) axes.push_back(axis);
  return axes;
}

Value scale_shift(const Value& standardized, const Operand& scale, const Operand& shift) {
  return apply(ScaleShift{}, {standardized, scale, shift});
}

/// An operand that must have the dtype of x and a given shape.
struct Wanted {
  const char* name;
  const Operand& operand;
};
void check_operands(const std::string& op, const Operand& x, const Shape& shape,
                    std::initializer_list<Wanted> all) {
  for (const auto& [name, operand] : all) {
    if (operand.dtype() != x.dtype())
      throw TypeError(op + ": " + name + " must be " + std::string(dagrad::name(x.dtype())) +
                      " like x, got " + to_string(operand.type()) + "; convert with cast" +
                      made_at(x));
    if (operand.shape() != shape)
      throw ShapeError(op + ": " + name + " must be " + to_string(shape) + " for x of " +
                       to_string(x.shape()) + ", got " + to_string(operand.shape()) + made_at(x));
  }
}

void check_epsilon(const std::string& op, const Operand& x, double epsilon) {
  if (!(epsilon >= 0 && std::isfinite(epsilon)))
    throw ArgumentError(op + ": epsilon must be finite and not negative, got " +
                        attribute_text(epsilon) + made_at(x));
}

/// The shape [C] of the channels of x [N, C, ...].
Shape channels_of(const std::string& op, const Operand& x) {
  if (x.rank() < 2)
    throw ShapeError(op + ": needs x of [N, C, ...], got " + to_string(x.shape()) + made_at(x));
  return {x.shape()[1]};
}

/// [C] reshaped to [C, 1, ...], which broadcasts to the rank of x.
Value per_channel(const Operand& of_channels, const Operand& x) {
  std::vector<std::int64_t> axes;
  for (int axis = 1; axis < x.rank() - 1; ++axis) axes.push_back(axis);
  return axes.empty() ? of_channels.value() : unsqueeze(of_channels, axes);
}

/// The shape of the last axes of x, which scale and shift must have.
Shape last_shape(const std::string& op, const Operand& x, const NormOptions& options) {
  if (options.axes < 1)
    throw ArgumentError(op + ": needs at least one axis, got " + std::to_string(options.axes) +
                        made_at(x));
  if (options.axes > x.rank())
    throw ShapeError(op + ": x of " + to_string(x.shape()) + " has fewer than " +
                     std::to_string(options.axes) + " axes" + made_at(x));
  const Shape shape = x.shape();
  return Shape(shape.dims().last(static_cast<std::size_t>(options.axes)));
}

Value standardized(const std::string& op, const Operand& x, const NormOptions& options,
                   bool centred) {
  check_epsilon(op, x, options.epsilon);
  last_shape(op, x, options);
  const Building building(op, {x});
  return apply(Standardize{{last_axes(options.axes)}, options.epsilon, centred}, {x})[0];
}

}  // namespace

Grads ScaleShift::grad(const GradContext& g) const {
  return {g.if_wanted(0, [&] { return pull(g.dout, g.in[1]); }),
          g.if_wanted(1, [&] { return pull(g.dout, g.in[0]); }), g.dout};
}

Grads Normalize::grad(const GradContext& g) const {
  const Value &x = g.in[0], &mean = g.in[1], &scale = g.in[2];
  return {g.if_wanted(0, [&] { return pull(g.dout, scale); }),
          g.if_wanted(1, [&] { return pull(g.dout, neg(scale)); }),
          g.if_wanted(2, [&] { return pull(g.dout, sub(x, mean)); }), g.dout};
}

BatchNorm batch_norm(const Operand& x, const Operand& scale, const Operand& shift,
                     const Operand& mean, const Operand& variance,
                     const BatchNormOptions& options) {
  const Shape channels = channels_of("batch_norm", x);
  check_operands("batch_norm", x, channels,
                 {{"scale", scale}, {"shift", shift}, {"mean", mean}, {"variance", variance}});
  check_epsilon("batch_norm", x, options.epsilon);
  if (!(options.momentum >= 0 && options.momentum <= 1))
    throw ArgumentError("batch_norm: momentum must be in [0, 1], got " +
                        attribute_text(options.momentum) + made_at(x));
  std::vector<std::int64_t> axes{0};
  for (int axis = 2; axis < x.rank(); ++axis) axes.push_back(axis);
  if (const std::int64_t n = OverAxes{axes}.count(x.shape()); n < 2)
    throw ShapeError(
        "batch_norm: the variance of a batch needs at least two elements per channel, but x of " +
        to_string(x.shape()) + " has " + std::to_string(n) + made_at(x));

  const Building building("batch_norm", {x, scale, shift, mean, variance});
  const auto batch = apply(NormalizeChannels{{axes}, options.epsilon},
                           {x, unsqueeze(scale, axes), unsqueeze(shift, axes)});
  const auto blend = [&](const Operand& old, const Value& current) {
    const double m = options.momentum;
    return stop_gradient(mul(old, 1 - m) + m * reshape_like(current, old));
  };
  const Value unbiased = batch[2] * (count_like(x, axes) / count_like(x, axes, 1));
  return BatchNorm{batch[0], blend(mean, batch[3]), blend(variance, unbiased)};
}

Value batch_norm_inference(const Operand& x, const Operand& scale, const Operand& shift,
                           const Operand& mean, const Operand& variance, double epsilon) {
  const Shape channels = channels_of("batch_norm_inference", x);
  check_operands("batch_norm_inference", x, channels,
                 {{"scale", scale}, {"shift", shift}, {"mean", mean}, {"variance", variance}});
  check_epsilon("batch_norm_inference", x, epsilon);
  const Building building("batch_norm_inference", {x, scale, shift, mean, variance});
  const Operand factor = mul(scale, rsqrt(add(variance, epsilon)));
  return apply(Normalize{},
               {x, per_channel(mean, x), per_channel(factor, x), per_channel(shift, x)});
}

Value layer_norm(const Operand& x, const NormOptions& options) {
  return standardized("layer_norm", x, options, true);
}
Value layer_norm(const Operand& x, const Operand& scale, const Operand& shift,
                 const NormOptions& options) {
  check_operands("layer_norm", x, last_shape("layer_norm", x, options),
                 {{"scale", scale}, {"shift", shift}});
  check_epsilon("layer_norm", x, options.epsilon);
  const Building building("layer_norm", {x, scale, shift});
  const NormalizeRows op{{last_axes(options.axes)}, options.epsilon};
  return apply(op, {x, scale, shift})[0];
}

Value rms_norm(const Operand& x, const NormOptions& options) {
  return standardized("rms_norm", x, options, false);
}
Value rms_norm(const Operand& x, const Operand& scale, const NormOptions& options) {
  check_operands("rms_norm", x, last_shape("rms_norm", x, options), {{"scale", scale}});
  check_epsilon("rms_norm", x, options.epsilon);
  const Building building("rms_norm", {x, scale});
  const NormalizeRows op{{last_axes(options.axes)}, options.epsilon, false};
  return apply(op, {x, scale})[0];
}

Value group_norm(const Operand& x, std::int64_t groups, double epsilon) {
  const std::int64_t channels = channels_of("group_norm", x)[0];
  check_epsilon("group_norm", x, epsilon);
  if (groups < 1)
    throw ArgumentError("group_norm: needs at least one group, got " + std::to_string(groups) +
                        made_at(x));
  if (channels % groups != 0)
    throw ShapeError("group_norm: " + std::to_string(groups) + " groups do not divide the " +
                     std::to_string(channels) + " channels of " + to_string(x.shape()) +
                     made_at(x));
  const Building building("group_norm", {x});
  const Operand grouped = unflatten(x, 1, {groups, -1});
  const auto axes = last_axes(grouped.rank() - 2);
  return reshape_like(apply(Standardize{{axes}, epsilon}, {grouped})[0], x);
}
Value group_norm(const Operand& x, std::int64_t groups, const Operand& scale, const Operand& shift,
                 double epsilon) {
  check_operands("group_norm", x, channels_of("group_norm", x),
                 {{"scale", scale}, {"shift", shift}});
  const Building building("group_norm", {x, scale, shift});
  return scale_shift(group_norm(x, groups, epsilon), per_channel(scale, x), per_channel(shift, x));
}

void list_normalization(Catalog& catalog) { catalog.add<ScaleShift, Normalize>("normalization"); }

}  // namespace dagrad
