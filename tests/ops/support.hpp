#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/ops/structural.hpp"

namespace dagrad::test {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Builds a value from inputs.
using Build = std::function<Value(const std::vector<Value>& x)>;

/// A value at scalar inputs with its derivatives along each of them.
struct Point {
  double value = 0;
  std::vector<double> slope;
};

/// Evaluates a builder and its gradient, with cotangent `dout`, at float64 scalars.
inline Point at(const std::vector<double>& x, const Build& build, double dout = 1) {
  Graph graph;
  std::vector<Value> inputs;
  Feeds feeds;
  for (std::size_t i = 0; i < x.size(); ++i) {
    inputs.push_back(graph.input("x" + std::to_string(i), {f64, {}}));
    feeds.emplace_back(inputs.back(), Tensor(x[i]));
  }
  const Value y = build(inputs), seed = graph.input("seed", {f64, {}});
  feeds.emplace_back(seed, Tensor(dout));
  std::vector<Value> values =
      gradient(y, inputs, {.seed = seed, .unconnected = Unconnected::zeros});
  values.push_back(y);
  values.push_back(seed);
  values.insert(values.end(), inputs.begin(),
                inputs.end());  // fetched, so that all of them can be fed
  const std::vector<Tensor> results = evaluate(values, feeds);
  Point point{results[x.size()].at(0), {}};
  for (std::size_t i = 0; i < x.size(); ++i) point.slope.push_back(results[i].at(0));
  return point;
}

/// The text of the exception that `run` throws.
template <class Error, class Run>
std::string message(Run&& run) {
  try {
    run();
  } catch (const Error& e) {
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace dagrad::test
