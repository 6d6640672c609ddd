#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "dagrad/apply.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/reduce.hpp"
#include "src/batch/step.hpp"
#include "src/graph/rewriting.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad {

namespace detail {

namespace {

/// The tensor repeated along a new axis.
Tensor repeated(const Tensor& tensor, std::int64_t size, int axis) {
  const Type type = with_axis(tensor.type(), size, axis);
  Tensor all(type);
  std::size_t inner = size_of(type.dtype);
  for (int i = axis; i < tensor.rank(); ++i) inner *= static_cast<std::size_t>(tensor.shape()[i]);
  const auto* from = static_cast<const std::byte*>(tensor.data());
  auto* to = static_cast<std::byte*>(all.mutable_view().data);
  for (std::size_t at = 0; at < tensor.type().bytes(); at += inner, from += inner)
    for (std::int64_t i = 0; i < size; ++i, to += inner) std::memcpy(to, from, inner);
  return all;
}

/// The position of a new axis of a value, counted from the front.
int new_axis(const Value& input, std::int64_t axis) {
  const std::int64_t rank = input.rank() + 1;
  if (axis < -rank || axis >= rank || rank > max_rank)
    throw ShapeError("batch: the input " + name_and_type(input) + ", cannot have a new axis at " +
                     std::to_string(axis));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

/// Checks what `batch` and `rebatch` of a graph have in common.
void check_leaves(const GraphData& graph, ValueSpan inputs, std::int64_t size,
                  const std::string& called) {
  if (inputs.empty()) throw ArgumentError(called + ": needs at least one input");
  if (size < 0)
    throw ArgumentError(called + ": the size of a batch must not be negative, got " +
                        std::to_string(size));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check_owner(graph, inputs[i], called);
    if (std::find(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(i), inputs[i]) !=
        inputs.begin() + static_cast<std::ptrdiff_t>(i))
      throw ArgumentError(called + ": the input " + name_and_type(inputs[i]) + ", is given twice");
  }
}

/// Makes the new graph node by node.
class BatchingGraph {
 public:
  BatchingGraph(const GraphData& from, std::int64_t size, const BatchOptions& options)
      : from_(from),
        view_(from),
        rewriting_(from, "batch", Retypes::ranks),
        size_(size),
        options_(options) {}

  void add_input(const Value& input) {
    if (from_.records[input.node_id()].kind == NodeKind::op)
      throw GraphError("batch: '" + input.name() +
                       "' is computed; only inputs, parameters and constants can be given an axis");
    axes_[input.node_id()] = new_axis(input, options_.axis);
  }
  Rewritten run() && {
    for (std::uint32_t id = 0; id < from_.size(); ++id) rewriting_.make_for(id, [&] { visit(id); });
    return std::move(rewriting_).finish();
  }

 private:
  static std::uint64_t key(const Edge& edge) { return std::uint64_t{edge.node} << 32 | edge.port; }
  void visit(std::uint32_t id);
  void visit_input(std::uint32_t id, int axis);
  /// The new value of an operand of which only the type is used, as it is for one member.
  Value of_member(const Edge& edge);

  const GraphData& from_;
  GraphView view_;
  Rewriting rewriting_;
  std::int64_t size_;
  BatchOptions options_;
  std::unordered_map<std::uint32_t, int> axes_;       ///< of inputs, by old node
  std::unordered_map<std::uint64_t, Value> batches_;  ///< by old value; the batch axis in front
  std::unordered_map<std::uint64_t, Value> members_;  ///< by old value
  Value batch_;                                       ///< the first input's
};

void BatchingGraph::visit_input(std::uint32_t id, int axis) {
  const Type& type = from_.types_of(id)[0];
  const std::uint32_t tensor = from_.records[id].tensor;
  rewriting_.copy_leaf(
      id, with_axis(type, size_, axis),
      tensor == no_node ? std::optional<Tensor>() : repeated(from_.tensors[tensor], size_, axis));
  const Value batch = with_axis_in_front(rewriting_.results(id).front(), axis);
  batches_.emplace(key({id, 0, false}), batch);
  if (batch_.empty()) batch_ = batch;
}

Value BatchingGraph::of_member(const Edge& edge) {
  const auto known = members_.find(key(edge));
  if (known != members_.end()) return known->second;
  const Value& all = batches_.at(key(edge));
  const DType dtype = all.dtype();
  const Value one = is_float(dtype) ? sum(all, 0) : cast(sum(cast(all, f64), 0), dtype);
  return members_.emplace(key(edge), one).first->second;
}

void BatchingGraph::visit(std::uint32_t id) {
  if (const auto input = axes_.find(id); input != axes_.end())
    return visit_input(id, input->second);
  BatchStep step{view_, id, {}, {}};
  bool depends = false, changed = false;
  for (const Edge& edge : from_.operands_of(id)) {
    const auto batch = batches_.find(key(edge));
    const bool batched = batch != batches_.end();
    depends = depends || (batched && !edge.type_only);
    changed = changed || batched;
    step.batched.push_back(batched && !edge.type_only);
    if (batched) {
      step.in.push_back(edge.type_only ? of_member(edge) : batch->second);
    } else {
      const Edge now = *rewriting_.find(edge);
      step.in.push_back(
          Access::value(Access::data(rewriting_.graph()).share(), now.node, now.port));
    }
  }
  if (!changed) return rewriting_.copy(id);
  if (!depends) return rewriting_.copy(id, view_.op(id), step.in);
  const std::vector<Value> results = batch_step(step, batch_, options_.loops);
  rewriting_.replace(id, results);
  for (std::uint32_t port = 0; port < results.size(); ++port)
    batches_.emplace(key({id, port, false}), results[port]);
}

}  // namespace

}  // namespace detail

Rewritten batch(const Graph& graph, ValueSpan inputs, std::int64_t size,
                const BatchOptions& options, Location where) {
  const detail::GraphData& from = detail::Access::data(graph);
  detail::BatchingGraph batching(from, size, options);
  detail::told_at(where, [&] {
    detail::check_leaves(from, inputs, size, "batch");
    for (const Value& input : inputs) batching.add_input(input);
  });
  return std::move(batching).run();
}

Rewritten rebatch(const Graph& graph, ValueSpan inputs, std::int64_t size, std::int64_t axis,
                  Location where) {
  const detail::GraphData& from = detail::Access::data(graph);
  return detail::told_at(where, [&] {
    detail::check_leaves(from, inputs, size, "rebatch");
    std::vector<Retyped> types;
    for (const Value& input : inputs) {
      const Shape shape = input.shape();
      if (axis < -shape.rank() || axis >= shape.rank())
        throw ShapeError("rebatch: the input " + detail::name_and_type(input) + ", has no axis " +
                         std::to_string(axis));
      if (input.node().kind() != NodeKind::input)
        throw GraphError("rebatch: '" + input.name() +
                         "' is not an input: only inputs can change their shape");
      const int at = normalize_axis(axis, shape.rank());
      const Shape first = inputs.front().shape();
      if (const int same = normalize_axis(axis, first.rank()); shape[at] != first[same])
        throw ShapeError("rebatch: the inputs " + detail::name_and_type(inputs.front()) + ", and " +
                         detail::name_and_type(input) + ", have different sizes along axis " +
                         std::to_string(axis));
      std::vector<std::int64_t> dims(shape.begin(), shape.end());
      dims[static_cast<std::size_t>(at)] = size;
      types.push_back({input, {input.dtype(), Shape(dims)}});
    }
    return detail::replay(from, types, "rebatch");
  });
}

}  // namespace dagrad
