#pragma once

#include <vector>

#include "docs/examples/gmm.hpp"
#include "tests/models/adbench.hpp"

namespace dagrad::adbench {

/// The mixture for an input of ADBench. The prior has the sign that it has in
/// ADBench's code.
struct GmmNetwork {
  explicit GmmNetwork(const Gmm& data)
      : points(graph.input("points", data.x.type())),
        mixture(graph, points, data.alpha.size(), Rng(1)),
        objective(mixture.log_likelihood - mixture.log_prior({data.gamma, data.m})) {}

  /// The gradients of the objective, in the order of the goldens.
  std::vector<Value> gradients() const { return gradient(objective, mixture.weights); }

  /// The parameters of an input.
  State state(const Gmm& data) const {
    State state(graph);
    state.set(mixture.weights[0], data.alpha);
    state.set(mixture.weights[1], data.means);
    state.set(mixture.weights[2], data.icf);
    return state;
  }

  Graph graph;
  Value points;
  dagrad::Gmm mixture;
  Value objective;
};

}  // namespace dagrad::adbench
