#include <vector>

#include "dagrad/host.hpp"
#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "dagrad/train/layers.hpp"
#include "src/train/layer.hpp"

namespace dagrad::layers {

namespace {

/// Draws the weights of each gate by themselves, so that they have the fans of one gate, and puts
/// them side by side.
Initializer for_each_gate(const Initializer& initial, std::int64_t gates) {
  if (!initial) return {};
  return [=](const Type& type, std::int64_t key) {
    const Type one{type.dtype, {type.shape[0], type.shape[1] / gates}};
    std::vector<Tensor> drawn;
    for (std::int64_t gate = 0; gate < gates; ++gate)
      drawn.push_back(initial(one, fold_in(key, gate)));
    return concat(std::span<const Tensor>(drawn), 1);
  };
}

/// 0 for all gates but the second, the forget gate, for which it is 1.
Tensor forget_bias(const Type& type, std::int64_t /*key*/) {
  const std::int64_t width = type.shape[0] / 4;
  const auto part = [&](std::int64_t elements, double value) {
    return Tensor::full({type.dtype, {elements}}, value);
  };
  return concat({part(width, 0), part(width, 1), part(2 * width, 0)});
}

/// Zeros for the rows of x and the columns of one gate.
Value zeros_for(const Operand& x, const Value& input, std::int64_t gates) {
  return zeros_like(split(matmul(x, input), gates, -1)[0]);
}

}  // namespace

LstmCell lstm_cell(Network& network, std::string_view name, std::int64_t in, std::int64_t width,
                   const CellOptions& options, Location where) {
  const Layer layer("layers::lstm_cell", network, name, where);
  layer.require_size("in", in);
  layer.require_size("width", width);
  return {network.weight("input", {in, 4 * width}, for_each_gate(options.input, 4)),
          network.weight("recurrent", {width, 4 * width}, for_each_gate(options.recurrent, 4)),
          network.weight("bias", {4 * width}, forget_bias)};
}

LstmState LstmCell::operator()(const Operand& x, const LstmState& before) const {
  const Building building("layers::lstm_cell", {x});
  const auto part = split(matmul(x, input) + matmul(before.hidden, recurrent) + bias, 4, -1);
  const Value memory = sigmoid(part[1]) * before.memory + sigmoid(part[0]) * tanh(part[2]);
  return {sigmoid(part[3]) * tanh(memory), memory};
}

LstmState LstmCell::start(const Operand& x) const {
  const Building building("layers::lstm_cell", {x});
  const Value zeros = zeros_for(x, input, 4);
  return {zeros, zeros};
}

GruCell gru_cell(Network& network, std::string_view name, std::int64_t in, std::int64_t width,
                 const CellOptions& options, Location where) {
  const Layer layer("layers::gru_cell", network, name, where);
  layer.require_size("in", in);
  layer.require_size("width", width);
  const Initializer zero = initializers::constant(0);
  return {network.weight("input", {in, 3 * width}, for_each_gate(options.input, 3)),
          network.weight("recurrent", {width, 3 * width}, for_each_gate(options.recurrent, 3)),
          network.weight("bias", {3 * width}, zero),
          network.weight("recurrent_bias", {width}, zero)};
}

Value GruCell::operator()(const Operand& x, const Operand& hidden) const {
  const Building building("layers::gru_cell", {x});
  const auto now = split(matmul(x, input) + bias, 3, -1);
  const auto past = split(matmul(hidden, recurrent), 3, -1);
  const Value reset = sigmoid(now[0] + past[0]), keep = sigmoid(now[1] + past[1]);
  const Value candidate = tanh(now[2] + reset * (past[2] + recurrent_bias));
  return candidate + keep * (hidden - candidate);
}

Value GruCell::start(const Operand& x) const {
  const Building building("layers::gru_cell", {x});
  return zeros_for(x, input, 3);
}

}  // namespace dagrad::layers
