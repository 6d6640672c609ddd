#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "docs/examples/lstm.hpp"
#include "tests/models/adbench.hpp"

namespace dagrad::adbench {

/// The LSTM of an input of ADBench, with its gradient.
struct LstmNetwork {
  explicit LstmNetwork(const Lstm& data)
      : sequence(graph.input("sequence", data.sequence.type())),
        loss(DiagonalLstm(graph, sequence, data.main.shape()[0], Rng(1)).loss) {
    for (std::int64_t i = 0; i < data.main.shape()[0]; ++i) {
      const std::string layer = "layer" + std::to_string(i);
      for (const char* kind : {"/w", "/b"})
        for (const char* gate : {"/forget", "/in", "/out", "/change"})
          parameters.push_back(graph.at(layer + gate + kind));
      states.insert(states.end(), {graph.at(layer + "/hidden"), graph.at(layer + "/cell")});
    }
    for (const char* name : {"in", "out/w", "out/b"}) parameters.push_back(graph.at(name));
    gradients = gradient(loss, parameters);
  }

  /// The parameters and states of an input.
  State state(const Lstm& data) const {
    State state(graph);
    std::vector<Value> values = parameters;
    values.insert(values.end(), states.begin(), states.end());
    auto value = values.begin();
    for (const Tensor& rows : {data.main, data.extra, data.state}) {
      const std::int64_t bits = rows.shape()[rows.rank() - 1];
      for (auto row = rows.values<double>(); !row.empty(); row = row.subspan(bits), ++value)
        state.set(*value, Tensor(Shape{bits}, std::vector(row.begin(), row.begin() + bits)));
    }
    return state;
  }

  Graph graph;
  Value sequence, loss;
  std::vector<Value> parameters, gradients;  ///< in the order of the goldens
  std::vector<Value> states;                 ///< hidden and cell of each layer
};

}  // namespace dagrad::adbench
