#pragma once

#include <functional>

#include "dagrad/dagrad.hpp"

namespace dagrad::tests {

/// A random computation, each value of which is finite and at most 1e6 in size.
struct RandomGraph {
  Graph graph;
  std::vector<Value> xs;
  Value y;
  Feeds feeds;
};

/// Changes an op before its node is made: how faults are planted.
using Plant = std::function<Op(const Op&)>;

/// The same graph for the same seed; `plant` is asked for each node.
RandomGraph random_graph(std::int64_t seed, const Plant& plant = {}, DType dtype = f64);

}  // namespace dagrad::tests
