#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad {

struct ResNet18Sizes {
  std::int64_t width = 64;  ///< channels of the first stage; each later one has twice as many
  std::int64_t classes = 10;
};

/// Which statistics batch normalisation uses: those of the batch, or the running ones.
enum class Statistics { of_batch, running };

// [model]
/// ResNet-18 (He et al. 2016) for small images, with a stem of 3 × 3 and no pooling after it. Maps
/// images [n, channels, height, width] to logits [n, classes]. The parameters have the images'
/// dtype.
class ResNet18 {
 public:
  ResNet18(Graph& graph, const Value& images, const ResNet18Sizes& sizes, Rng rng,
           Statistics statistics = Statistics::of_batch)
      : graph_(graph), rng_(rng), dtype_(images.dtype()), statistics_(statistics) {
    Value x = relu(convolve("stem", images, sizes.width, 3));
    for (std::int64_t stage = 0; stage < 4; ++stage) {
      const Scope scope = graph.scope("stage" + std::to_string(stage + 1));
      x = block("block1", x, sizes.width << stage, stage == 0 ? 1 : 2);
      x = block("block2", x, sizes.width << stage, 1);
    }
    const Scope scope = graph.scope("head");
    const Value w = he_normal("w", {x.shape()[1], sizes.classes}, x.shape()[1]);
    logits = (matmul(global_avg_pool(x), w) + full("bias", sizes.classes, 0)).named("logits");
  }

  Value logits;
  std::vector<Value> weights;
  std::vector<Update> running;  ///< of the running statistics; empty if those are used

 private:
  /// Two convolutions with a shortcut around them.
  Value block(std::string_view name, const Value& x, std::int64_t out, std::int64_t stride) {
    const Scope scope = graph_.scope(name);
    const Value hidden = relu(convolve("conv1", x, out, 3, stride));
    const Value residual = convolve("conv2", hidden, out, 3);
    const bool fits = stride == 1 && x.shape()[1] == out;
    return relu(residual + (fits ? x : convolve("shortcut", x, out, 1, stride)));
  }

  /// A convolution that keeps the size except for its stride, and a batch normalisation.
  Value convolve(std::string_view name, const Value& x, std::int64_t out, std::int64_t size,
                 std::int64_t stride = 1) {
    const Scope scope = graph_.scope(name);
    const std::int64_t in = x.shape()[1];
    const Value kernel = he_normal("kernel", {out, in, size, size}, in * size * size);
    return normalize(conv2d(x, kernel, {.stride = {stride}, .padding = {size / 2}}));
  }

  Value normalize(const Value& x) {
    const std::int64_t channels = x.shape()[1];
    const Value scale = full("scale", channels, 1), shift = full("shift", channels, 0);
    const Value mean = graph_.parameter("mean", Tensor::full({dtype_, {channels}}, 0));
    const Value variance = graph_.parameter("variance", Tensor::full({dtype_, {channels}}, 1));
    if (statistics_ == Statistics::running)
      return batch_norm_inference(x, scale, shift, mean, variance);
    const BatchNorm normal = batch_norm(x, scale, shift, mean, variance);
    running.push_back({mean, normal.mean});
    running.push_back({variance, normal.variance});
    return normal.out;
  }
  // [/model]

  Value he_normal(std::string_view name, const Shape& shape, std::int64_t fan_in) {
    const double deviation = std::sqrt(2 / static_cast<double>(fan_in));
    return weight(name, rng_.normal(shape, 0, deviation, dtype_));
  }
  Value full(std::string_view name, std::int64_t n, double value) {
    return weight(name, Tensor::full({dtype_, {n}}, value));
  }
  Value weight(std::string_view name, const Tensor& initial) {
    return weights.emplace_back(graph_.parameter(name, initial));
  }

  Graph& graph_;
  Rng rng_;
  DType dtype_;
  Statistics statistics_;
};

}  // namespace dagrad
