#pragma once

#include <vector>

#include "dagrad/dagrad.hpp"

/// The network that learns "exclusive or": two inputs, three hidden neurons, one output, sigmoids,
/// and half the squared error summed over the four samples, whose gradient takes full steps of rate
/// 0.5.
struct XorNetwork {
  dagrad::Graph graph;
  dagrad::Value x, y;                    ///< [4,2] and [4,1]
  dagrad::Value w1, b1, w2, b2;          ///< [2,3] [1,3] [3,1] [1,1]
  dagrad::Value out, cost;               ///< predictions in (0, 1); mean over the samples
  std::vector<dagrad::Value> gradients;  ///< of w1, b1, w2, b2
  std::vector<dagrad::Update> update;    ///< a step of gradient descent
  dagrad::Function train;                ///< fetches cost and out, then updates

  XorNetwork(dagrad::Tensor hidden_w, dagrad::Tensor hidden_b, dagrad::Tensor output_w,
             dagrad::Tensor output_b, double rate = 0.5) {
    using namespace dagrad;
    // [network]
    x = graph.input("x", {f64, {4, 2}});
    y = graph.input("y", {f64, {4, 1}});
    Value hidden;
    {
      const Scope scope = graph.scope("hidden");
      w1 = graph.parameter("w", std::move(hidden_w));
      b1 = graph.parameter("b", std::move(hidden_b));
      hidden = sigmoid(matmul(x, w1) + b1);
    }
    {
      const Scope scope = graph.scope("output");
      w2 = graph.parameter("w", std::move(output_w));
      b2 = graph.parameter("b", std::move(output_b));
      out = sigmoid(matmul(hidden, w2) + b2);
    }
    const Value error = half_squared_error(out, y);
    cost = mean(error).named("cost");
    const std::vector<Value> weights{w1, b1, w2, b2};
    gradients = gradient(sum(error), weights);
    update = sgd(weights, gradients, rate);
    train = compile({cost, out}, {.update = update});
    // [/network]
  }

  static dagrad::Tensor inputs() {
    return dagrad::Tensor::of({{1.0, 1.0}, {0.0, 1.0}, {1.0, 0.0}, {0.0, 0.0}});
  }
  static dagrad::Tensor targets() { return dagrad::Tensor::of({{0.0}, {1.0}, {1.0}, {0.0}}); }
};
