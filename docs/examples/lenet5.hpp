#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad {

struct LeNet5Sizes {
  std::int64_t channels1 = 6, channels2 = 16;
  std::int64_t hidden1 = 120, hidden2 = 84;
  std::int64_t classes = 10;
};

// [model]
/// LeNet-5 (LeCun et al. 1998) as it is built today, with ReLU, max pooling and dense layers. Maps
/// images [n, 1, height, width], 28 × 28 in the original sizes, to logits [n, classes]. The
/// parameters have the images' dtype.
class LeNet5 {
 public:
  LeNet5(Graph& graph, const Value& images, const LeNet5Sizes& sizes, Rng rng)
      : graph_(graph), rng_(rng), dtype_(images.dtype()) {
    Value x = convolve("conv1", images, sizes.channels1, 2);
    x = convolve("conv2", x, sizes.channels2, 0);
    x = relu(dense("dense1", flatten(x, 1), sizes.hidden1));
    x = relu(dense("dense2", x, sizes.hidden2));
    logits = dense("dense3", x, sizes.classes).named("logits");
  }

  Value logits;
  std::vector<Value> weights;

 private:
  Value convolve(std::string_view name, const Value& x, std::int64_t out, std::int64_t padding) {
    const Scope scope = graph_.scope(name);
    const Value kernel = he_normal("kernel", {out, x.shape()[1], 5, 5}, 25 * x.shape()[1]);
    const Value maps = conv2d(x, kernel, zeros("bias", out), {.padding = {padding}});
    return max_pool2d(relu(maps), {.window = {2, 2}});
  }

  Value dense(std::string_view name, const Value& x, std::int64_t out) {
    const Scope scope = graph_.scope(name);
    const std::int64_t in = x.shape()[1];
    const Value w = he_normal("w", {in, out}, in);
    return matmul(x, w) + zeros("bias", out);
  }
  // [/model]

  Value he_normal(std::string_view name, const Shape& shape, std::int64_t fan_in) {
    const double deviation = std::sqrt(2 / static_cast<double>(fan_in));
    return weight(name, rng_.normal(shape, 0, deviation, dtype_));
  }
  Value zeros(std::string_view name, std::int64_t n) {
    return weight(name, Tensor(Type{dtype_, {n}}));
  }
  Value weight(std::string_view name, const Tensor& initial) {
    return weights.emplace_back(graph_.parameter(name, initial));
  }

  Graph& graph_;
  Rng rng_;
  DType dtype_;
};

}  // namespace dagrad
