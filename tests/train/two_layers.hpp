#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad {

/// Two layers in scopes, in reverse order of their names, and a relu between them.
struct TwoLayers {
  Graph graph;
  Value x = graph.input("x", {f32, {4, 3}});
  std::vector<Value> weights;
  Value loss;
  std::vector<Value> gradients;
  std::vector<Update> updates;
  explicit TwoLayers(double rate = 0.1) {
    Rng rng(3);
    Value hidden = layer("second", x, 5, rng);
    loss = mean(square(layer("first", relu(hidden), 2, rng)));
    gradients = gradient(loss, weights);
    updates = sgd(weights, gradients, rate, {.momentum = 0.9});
  }
  Value layer(const std::string& name, const Value& in, std::int64_t out, Rng& rng) {
    const Scope scope = graph.scope(name);
    const Value w = graph.parameter("w", rng.he_normal({in.shape()[1], out}, f32));
    const Value b = graph.parameter("b", Tensor(Type{f32, {out}}));
    weights.insert(weights.begin(), {b, w});  // in an order of its own
    return matmul(in, w) + b;
  }
  Feeds feeds(std::int64_t seed) const { return {{x, Rng(seed).normal({4, 3}, 0, 1, f32)}}; }
};

}  // namespace dagrad
