#include "dagrad/apply.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "src/batch/step.hpp"

namespace dagrad::detail {

namespace {

/// What an empty batch gives: an operand without elements in the shape of each result, so that
/// gradients stay connected.
std::vector<Value> of_no_members(const BatchContext& b) {
  std::size_t from = 0;
  while (!b.batched(from)) ++from;
  for (std::size_t i = from; i < b.in.size(); ++i)
    if (b.batched(i) && is_float(b.in_types[i].dtype)) from = i;
  std::vector<Value> results;
  for (const Type& type : b.out_types) {
    const Value x = b.in[from];
    results.push_back(
        reshape(x.dtype() == type.dtype ? x : cast(x, type.dtype), with_axis(type, 0).shape));
  }
  return results;
}

}  // namespace

std::vector<Value> loop_over_members(const BatchContext& b) {
  if (b.size() == 0) return of_no_members(b);
  std::vector<std::vector<Value>> members(b.out_types.size());
  for (std::int64_t member = 0; member < b.size(); ++member) {
    std::vector<Operand> operands;
    for (std::size_t i = 0; i < b.in.size(); ++i)
      operands.emplace_back(b.batched(i) ? b.in[i][member] : b.in[i]);
    const std::vector<Value> results = apply(b.op(), operands);
    for (std::size_t port = 0; port < results.size(); ++port)
      members[port].push_back(results[port]);
  }
  std::vector<Value> results;
  for (const std::vector<Value>& of_port : members) results.push_back(stack(of_port));
  return results;
}

}  // namespace dagrad::detail
