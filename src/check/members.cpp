#include "src/check/members.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "dagrad/apply.hpp"
#include "dagrad/evaluate_op.hpp"
#include "dagrad/host.hpp"

namespace dagrad::detail {

namespace {

/// Floats are made smaller, which keeps their order and their signs; rows of ints and bools change
/// places, so that indices stay within their bounds. A single int is a key.
Tensor varied(const Tensor& tensor, std::int64_t member) {
  if (member == 0 || tensor.size() == 0) return tensor;
  if (is_float(tensor.dtype())) {
    Tensor wide = tensor.cast(f64);
    for (double& x : wide.mutate<double>()) x *= 1 - static_cast<double>(member) / 16;
    return wide.cast(tensor.dtype());
  }
  if (tensor.rank() == 0) return tensor;
  Tensor turned(tensor.type());
  const std::int64_t rows = tensor.shape()[0];
  const std::size_t bytes = tensor.type().bytes() / static_cast<std::size_t>(rows);
  for (std::int64_t row = 0; row < rows; ++row)
    std::memcpy(
        static_cast<std::byte*>(turned.mutable_view().data) +
            static_cast<std::size_t>((row + member) % rows) * bytes,
        static_cast<const std::byte*>(tensor.data()) + static_cast<std::size_t>(row) * bytes,
        bytes);
  return turned;
}

Tensor stacked(const std::vector<Tensor>& tensors, const Type& type, std::int64_t axis) {
  if (!tensors.empty()) return stack(tensors, axis);
  std::vector<std::int64_t> dims(type.shape.begin(), type.shape.end());
  dims.insert(dims.begin() + (axis < 0 ? axis + type.shape.rank() + 1 : axis), 0);
  return Tensor(Type{type.dtype, Shape(dims)});
}

}  // namespace

Tensor Members::operand(std::size_t i, std::int64_t member) const {
  return is_batched(i) ? varied(sample.in[i], member) : sample.in[i];
}

Tensor Members::batch(std::size_t i, std::int64_t axis) const {
  std::vector<Tensor> all;
  for (std::int64_t member = 0; member < size; ++member) all.push_back(operand(i, member));
  return stacked(all, sample.in[i].type(), axis);
}

std::vector<Tensor> Members::results() const {
  std::vector<Type> in, out;
  for (const Tensor& tensor : sample.in) in.push_back(tensor.type());
  sample.op->infer(in, out);
  std::vector<std::vector<Tensor>> by_port(out.size());
  for (std::int64_t member = 0; member < size; ++member) {
    std::vector<Tensor> operands;
    for (std::size_t i = 0; i < sample.in.size(); ++i) operands.push_back(operand(i, member));
    const std::vector<Tensor> results = evaluate_op(sample.op, operands);
    for (std::size_t port = 0; port < out.size(); ++port) by_port[port].push_back(results[port]);
  }
  std::vector<Tensor> all;
  for (std::size_t port = 0; port < out.size(); ++port)
    all.push_back(stacked(by_port[port], out[port], 0));
  return all;
}

BatchedSample::BatchedSample(const Members& members, std::int64_t axis) {
  std::vector<Operand> operands;
  for (std::size_t i = 0; i < members.sample.in.size(); ++i) {
    if (members.is_batched(i)) {
      const Value x = graph.input("operand" + std::to_string(i), members.sample.in[i].type());
      inputs.push_back({x, graph.constant(members.batch(i, axis))});
      operands.emplace_back(x);
    } else {
      operands.emplace_back(graph.constant(members.sample.in[i]));
    }
  }
  ys = apply(members.sample.op, operands);
  batches = batch(ys, inputs, {.axis = axis});
}

std::vector<std::uint32_t> choices(std::size_t operands) {
  std::vector<std::uint32_t> all;
  for (std::size_t i = 0; i < operands; ++i) all.push_back(1U << i);
  if (operands > 1) all.push_back((1U << operands) - 1);
  return all;
}

}  // namespace dagrad::detail
