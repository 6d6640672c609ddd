#include "dagrad/train/layers.hpp"

#include <fmt/format.h>

#include "dagrad/error.hpp"
#include "dagrad/ops/attention.hpp"
#include "dagrad/ops/convolution.hpp"
#include "dagrad/ops/dropout.hpp"
#include "dagrad/ops/index.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "src/train/layer.hpp"

namespace dagrad::layers {

namespace {

Value convolved(std::string_view function, Network& network, std::string_view name,
                const Operand& x, std::int64_t out, std::int64_t size, const ConvOptions& options,
                int spatial_axes) {
  const Layer layer(function, network, name, x.where());
  layer.require_input(x, 2 + spatial_axes);
  layer.require_size("out", out);
  layer.require_size("size", size);
  layer.require_size("groups", options.groups);
  const std::int64_t in = x.shape()[1];
  layer.check([&] {
    if (x.rank() > 2 + spatial_axes)
      throw ShapeError(
          fmt::format("x must have {} axes, got {}", 2 + spatial_axes, to_string(x.type())));
    if (in % options.groups != 0)
      throw ShapeError(fmt::format("{} groups do not divide the {} channels of x {}",
                                   options.groups, in, to_string(x.type())));
  });
  const Convolution convolution{options.stride, options.padding, options.dilation, options.groups};
  const std::int64_t in_group = in / options.groups;
  const Shape shape =
      spatial_axes == 1 ? Shape{out, in_group, size} : Shape{out, in_group, size, size};
  const Value w = network.weight("w", shape, options.weight);
  const auto builder = [&](const auto&... operands) {
    return spatial_axes == 1 ? dagrad::conv1d(operands..., convolution)
                             : dagrad::conv2d(operands..., convolution);
  };
  if (!options.bias) return builder(x, w);
  return builder(x, w, network.weight("b", {out}, initializers::constant(0)));
}

}  // namespace

Value linear(Network& network, std::string_view name, const Operand& x, std::int64_t out,
             const LinearOptions& options) {
  const Layer layer("layers::linear", network, name, x.where());
  layer.require_input(x, 1);
  layer.require_size("out", out);
  const Value w = network.weight("w", {x.shape()[-1], out}, options.weight);
  const Value product = matmul(x, w);
  if (!options.bias) return product;
  return product + network.weight("b", {out}, initializers::constant(0));
}

Value conv1d(Network& network, std::string_view name, const Operand& x, std::int64_t out,
             std::int64_t size, const ConvOptions& options) {
  return convolved("layers::conv1d", network, name, x, out, size, options, 1);
}

Value conv2d(Network& network, std::string_view name, const Operand& x, std::int64_t out,
             std::int64_t size, const ConvOptions& options) {
  return convolved("layers::conv2d", network, name, x, out, size, options, 2);
}

Value batch_norm(Network& network, std::string_view name, const Operand& x,
                 const BatchNormOptions& options) {
  const Layer layer("layers::batch_norm", network, name, x.where());
  layer.require_input(x, 2);
  const Shape channels{x.shape()[1]};
  const Value scale = network.weight("scale", channels, initializers::constant(1));
  const Value shift = network.weight("shift", channels, initializers::constant(0));
  const Value mean = network.statistic("mean", channels, 0);
  const Value variance = network.statistic("variance", channels, 1);
  if (!network.training())
    return batch_norm_inference(x, scale, shift, mean, variance, options.epsilon);
  const BatchNorm normal = dagrad::batch_norm(x, scale, shift, mean, variance, options);
  network.update(mean, normal.mean);
  network.update(variance, normal.variance);
  return normal.out;
}

Value layer_norm(Network& network, std::string_view name, const Operand& x,
                 const NormOptions& options) {
  const Layer layer("layers::layer_norm", network, name, x.where());
  layer.require_size("axes", options.axes);
  layer.require_input(x, options.axes);
  const Shape all = x.shape();
  const Shape last(all.dims().subspan(static_cast<std::size_t>(x.rank() - options.axes)));
  const Value scale = network.weight("scale", last, initializers::constant(1));
  const Value shift = network.weight("shift", last, initializers::constant(0));
  return dagrad::layer_norm(x, scale, shift, options);
}

Value embedding(Network& network, std::string_view name, const Operand& indices, std::int64_t rows,
                std::int64_t width, const EmbeddingOptions& options) {
  const Layer layer("layers::embedding", network, name, indices.where());
  layer.require_size("rows", rows);
  layer.require_size("width", width);
  return dagrad::embedding(network.weight("w", {rows, width}, options.weight), indices);
}

Value dropout(Network& network, std::string_view name, const Operand& x, double p) {
  const Layer layer("layers::dropout", network, name, x.where());
  layer.require_input(x, 0);
  layer.check([&] {
    if (!(p >= 0 && p <= 1)) throw ArgumentError(fmt::format("p must be in [0, 1], got {}", p));
  });
  if (!network.training() || p == 0) return x.value();
  return dagrad::dropout(x, network.random_key("key"), p);
}

Value multi_head_attention(Network& network, std::string_view name, const Operand& x,
                           std::int64_t heads, const MultiHeadAttentionOptions& options) {
  return multi_head_attention(network, name, x, x, heads, options);
}

Value multi_head_attention(Network& network, std::string_view name, const Operand& x,
                           const Operand& others, std::int64_t heads,
                           const MultiHeadAttentionOptions& options) {
  const Layer layer("layers::multi_head_attention", network, name, x.where());
  layer.require_input(x, 2);
  layer.require_input(others, 2);
  layer.require_size("heads", heads);
  const std::int64_t width = x.shape()[-1];
  layer.check([&] {
    if (width % heads != 0)
      throw ShapeError(
          fmt::format("{} heads do not divide the last axis of x {}", heads, to_string(x.type())));
  });
  const LinearOptions form{options.bias, options.weight};
  const Value query = linear(network, "query", x, width, form);
  const Value key = linear(network, "key", others, width, form);
  const Value value = linear(network, "value", others, width, form);
  const Value seen = dagrad::multi_head_attention(query, key, value, heads,
                                                  {.causal = options.causal, .mask = options.mask});
  return linear(network, "out", seen, width, form);
}

}  // namespace dagrad::layers
