#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dagrad/batch.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// A node to be batched, as its operands are after batching.
struct BatchStep {
  const GraphView& graph;  ///< of the node
  std::uint32_t node;
  std::vector<Value> in;
  std::vector<bool> batched;  ///< by operand
};

/// Appends nodes that apply the step's op to all members of a batch, and returns its results with
/// the batch axis in front. `batch` is any value with the batch axis in front. Throws ArgumentError
/// if the op needs a loop and loops are refused, GraphError if its `batch` returns results of other
/// types, and what ops throw.
std::vector<Value> batch_step(const BatchStep& step, const Value& batch, Loops loops);

/// The type with a batch axis of that size at a position among its axes.
Type with_axis(const Type& type, std::int64_t size, int axis = 0);
/// The value with one of its axes in front of all others.
Value with_axis_in_front(const Value& x, int axis);
/// "'x', float64[3]": a value for the text of an error.
std::string name_and_type(const Value& value);

/// Applies the op of a step to each member of the batch, and joins the results.
std::vector<Value> loop_over_members(const BatchContext& context);

}  // namespace dagrad::detail
