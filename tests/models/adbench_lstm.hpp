#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "docs/examples/lstm.hpp"
#include "tests/models/adbench.hpp"

namespace dagrad::adbench {

/// The LSTM for an input of ADBench.
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
  }

  /// The gradients of the loss, in the order of the goldens.
  std::vector<Value> gradients() const { return gradient(loss, parameters); }

  /// The parameters and states of an input.
  State state(const Lstm& data) const {
    State state(graph);
    auto value = parameters.begin();
    for (const Tensor& tensor : {data.main, data.extra}) value = set_rows(state, value, tensor);
    set_rows(state, states.begin(), data.state);
    return state;
  }

  Graph graph;
  Value sequence, loss;
  std::vector<Value> parameters;  ///< in the order of the goldens
  std::vector<Value> states;                 ///< hidden and cell of each layer

 private:
  using Values = std::vector<Value>::const_iterator;
  /// Sets values to the rows of a tensor [..., bits].
  static Values set_rows(State& state, Values value, const Tensor& tensor) {
    const std::span<const double> numbers = tensor.values<double>();
    const auto bits = static_cast<std::size_t>(tensor.shape()[tensor.rank() - 1]);
    for (std::size_t at = 0; at < numbers.size(); at += bits, ++value)
      state.set(*value, Tensor(value->shape(), numbers.subspan(at, bits)));
    return value;
  }
};

}  // namespace dagrad::adbench
