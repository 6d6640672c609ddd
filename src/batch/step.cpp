#include "src/batch/step.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "dagrad/ops/shape_ops.hpp"

namespace dagrad::detail {

namespace {

std::vector<Value> by_kind(const BatchContext& context) {
  switch (context.op().traits().batching) {
    case Batching::broadcasting:
      return context.broadcasting(context.op());
    case Batching::leading:
      return context.leading(context.op());
    case Batching::shifted:
      return context.shifted(context.op());
    case Batching::loop:
      break;
  }
  return {};
}

void check_results(const BatchStep& step, const BatchContext& context,
                   const std::vector<Value>& results) {
  const auto fail = [&](const std::string& why) {
    throw GraphError("batch: the `batch` of '" + std::string(context.op().name()) + "' " + why +
                     "\n  " + place(step.graph, step.node));
  };
  const auto count = [](std::size_t n) {
    return std::to_string(n) + (n == 1 ? " result" : " results");
  };
  if (results.size() != context.out_types.size())
    fail("returned " + count(results.size()) + ", but the op has " +
         count(context.out_types.size()));
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Type want = with_axis(context.out_types[i], context.size());
    if (results[i].type() != want)
      fail("returned " + to_string(results[i].type()) + " for result " + std::to_string(i) +
           ", which must be " + to_string(want));
  }
}

}  // namespace

Type with_axis(const Type& type, std::int64_t size, int axis) {
  std::vector<std::int64_t> dims(type.shape.begin(), type.shape.end());
  dims.insert(dims.begin() + axis, size);
  return {type.dtype, Shape(dims)};
}

Value with_axis_in_front(const Value& x, int axis) {
  if (axis == 0) return x;
  std::vector<std::int64_t> axes(static_cast<std::size_t>(x.rank()));
  std::iota(axes.begin(), axes.end(), 0);
  std::rotate(axes.begin(), axes.begin() + axis, axes.begin() + axis + 1);
  return transpose(x, axes);
}

std::string name_and_type(const Value& value) {
  return "'" + value.name() + "', " + to_string(value.type());
}

std::vector<Value> batch_step(const BatchStep& step, const Value& batch, Loops loops) {
  std::vector<Type> in, out;
  step.graph.operand_types(step.node, in);
  step.graph.result_types(step.node, out);
  const Op op = step.graph.op(step.node);
  const BatchContext context(op, step.in, step.batched, in, out, batch);
  std::vector<Value> results = op.traits().has_batch ? op->batch(context) : by_kind(context);
  if (results.empty()) {
    if (loops == Loops::refused && context.size() > 0)
      throw ArgumentError("batch: '" + std::string(op.name()) +
                          "' does not say how it works on a batch, and loops are refused: give it "
                          "a `batch`, or allow loops\n  " +
                          place(step.graph, step.node));
    results = loop_over_members(context);
  }
  check_results(step, context, results);
  return results;
}

}  // namespace dagrad::detail
