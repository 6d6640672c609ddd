#pragma once

#include <functional>

#include "dagrad/dagrad.hpp"

namespace dagrad::tests {

/// A random computation whose values are finite and at most 1e6 in magnitude.
struct RandomGraph {
  Graph graph;
  std::vector<Value> xs;
  Value y;
  Feeds feeds;
};

/// Changes an op before its node is made, in order to plant faults.
using Plant = std::function<Op(const Op&)>;

/// Returns the same graph for the same seed. `plant` is called for each node.
RandomGraph random_graph(std::int64_t seed, const Plant& plant = {}, DType dtype = f64);

}  // namespace dagrad::tests
