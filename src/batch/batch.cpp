#include "dagrad/batch.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "dagrad/apply.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "src/batch/step.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad {

namespace detail {

namespace {

/// The position of the batch axis of an input, counted from the front.
int axis_of(const Batched& input, std::int64_t axis) {
  const int rank = input.batch.rank();
  if (rank == 0 || axis < -rank || axis >= rank)
    throw ShapeError("batch: the batch " + name_and_type(input.batch) + ", has no axis " +
                     std::to_string(axis));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

void check_batch(const Batched& input, int axis) {
  if (input.batch.dtype() != input.value.dtype())
    throw TypeError("batch: the batch " + name_and_type(input.batch) +
                    ", does not have the dtype of its value " + name_and_type(input.value));
  const Shape shape = input.batch.shape();
  std::vector<std::int64_t> dims(shape.begin(), shape.end());
  dims.erase(dims.begin() + axis);
  if (Shape(dims) != input.value.shape())
    throw ShapeError("batch: the batch " + name_and_type(input.batch) +
                     ", must have the shape of " + name_and_type(input.value) +
                     ", with one more axis, at position " + std::to_string(axis));
}

void check_inputs(ValueSpan ys, std::span<const Batched> inputs, std::int64_t axis) {
  if (ys.empty()) throw ArgumentError("batch: needs at least one y");
  if (inputs.empty()) throw ArgumentError("batch: needs at least one input");
  for (const Value& y : ys) require_same_graph("batch", ys.front(), y);
  const auto size = [&](const Batched& input) { return input.batch.shape()[axis_of(input, axis)]; };
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    require_same_graph("batch", ys.front(), inputs[i].value);
    require_same_graph("batch", ys.front(), inputs[i].batch);
    check_batch(inputs[i], axis_of(inputs[i], axis));
    if (size(inputs[i]) != size(inputs[0]))
      throw ShapeError("batch: the batches " + name_and_type(inputs[0].batch) + ", and " +
                       name_and_type(inputs[i].batch) + ", have different sizes along axis " +
                       std::to_string(axis));
    for (std::size_t k = 0; k < i; ++k)
      if (inputs[k].value == inputs[i].value)
        throw ArgumentError("batch: the input " + name_and_type(inputs[i].value) +
                            ", is given two batches");
  }
}

/// Appends the batch of each node that depends on an input by more than its type.
class Appending {
 public:
  Appending(GraphData& graph, Loops loops) : graph_(graph), view_(graph), loops_(loops) {}

  void add_input(const Value& value, const Value& batch) {
    batches_.emplace(key(value.node_id(), value.port()), batch);
    oldest_ = std::min(oldest_, value.node_id());
    if (batch_.empty()) batch_ = batch;
  }
  void run(ValueSpan ys) {
    for (const std::uint32_t node : nodes_behind(ys)) visit(node);
  }
  Value result(const Value& y) {
    const Value* const batch = find(y.node_id(), y.port());
    return batch ? *batch : batch_like(y, batch_);
  }

 private:
  static std::uint64_t key(std::uint64_t node, std::uint32_t port) { return node << 32 | port; }
  const Value* find(std::uint32_t node, std::uint32_t port) const {
    const auto at = batches_.find(key(node, port));
    return at == batches_.end() ? nullptr : &at->second;
  }
  std::vector<std::uint32_t> nodes_behind(ValueSpan ys);
  void visit(std::uint32_t node);

  GraphData& graph_;
  GraphView view_;
  Loops loops_;
  std::uint32_t oldest_ = no_node;  ///< no older node depends on an input
  Value batch_;                     ///< the first input's
  std::unordered_map<std::uint64_t, Value> batches_;
};

/// The nodes that the ys need and that may depend on an input, in the order of their ids.
std::vector<std::uint32_t> Appending::nodes_behind(ValueSpan ys) {
  NodeNumbers numbers(graph_);
  const auto reach = [&](std::uint32_t node, std::uint32_t port) {
    if (node >= oldest_ && !find(node, port)) numbers.add(node);
  };
  for (const Value& y : ys) reach(y.node_id(), y.port());
  for (std::size_t i = 0; i < numbers.nodes().size(); ++i)
    for (const Edge& edge : view_.operands(numbers.nodes()[i]))
      if (!edge.type_only) reach(edge.node, edge.port);
  numbers.sort();
  return numbers.nodes();
}

void Appending::visit(std::uint32_t node) {
  BatchStep step{view_, node, {}, {}};
  bool depends = false;
  for (const Edge& edge : view_.operands(node)) {
    const Value* const batch = edge.type_only ? nullptr : find(edge.node, edge.port);
    step.in.push_back(batch ? *batch : view_.value(edge.node, edge.port));
    step.batched.push_back(batch != nullptr);
    depends = depends || batch != nullptr;
  }
  if (!depends) return;
  const MadeAs provenance(graph_, in_place_of(graph_, node));
  const std::vector<Value> results = batch_step(step, batch_, loops_);
  for (std::uint32_t port = 0; port < results.size(); ++port)
    batches_.emplace(key(node, port), results[port]);
}

}  // namespace

}  // namespace detail

std::vector<Value> batch(ValueSpan ys, std::span<const Batched> inputs, const BatchOptions& options,
                         Location where) {
  detail::told_at(where, [&] { detail::check_inputs(ys, inputs, options.axis); });
  const Building building({&ys.front(), 1}, where);
  detail::Appending appending(detail::Access::data(ys.front()), options.loops);
  for (const Batched& input : inputs)
    appending.add_input(
        input.value, detail::with_axis_in_front(input.batch, detail::axis_of(input, options.axis)));
  appending.run(ys);
  std::vector<Value> results;
  for (const Value& y : ys) results.push_back(appending.result(y));
  return results;
}

std::vector<Value> batch(ValueSpan ys, std::initializer_list<Batched> inputs,
                         const BatchOptions& options, Location where) {
  return batch(ys, std::span(inputs.begin(), inputs.size()), options, where);
}
Value batch(const Value& y, std::initializer_list<Batched> inputs, const BatchOptions& options,
            Location where) {
  return batch(ValueSpan(y), inputs, options, where).front();
}

}  // namespace dagrad
