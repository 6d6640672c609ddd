#include "src/passes/taken_nodes.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "dagrad/apply.hpp"
#include "dagrad/evaluate_op.hpp"
#include "dagrad/ops/create.hpp"
#include "dagrad/ops/index.hpp"
#include "dagrad/ops/logic.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "src/passes/pattern.hpp"
#include "src/passes/replaced_nodes.hpp"
#include "src/program/primitives.hpp"
#include "src/tensor/finite_elements.hpp"

namespace dagrad::detail {

namespace {

/// Smaller vectors stay in the cache, from which elements are taken in little time.
constexpr std::size_t large_vector = std::size_t{1} << 19;  // bytes
/// Positions are 32 bits wide.
constexpr std::int64_t most_elements = std::numeric_limits<std::int32_t>::max();
/// Each source is read through an index for each element, as the result was.
constexpr std::size_t most_sources = 2;
/// Constants that are read for each element, instead of a product that is stored and read.
constexpr std::size_t most_constant_bytes = 12;
/// What may be computed for each element, instead of once for several of them.
constexpr std::size_t most_steps_again = 16;
/// Each part may hold a position for each element.
constexpr std::size_t most_parts = 256;

/// A vector's elements at these positions, of which `inside` tells those that are not zero.
Tensor with_zeros(const Tensor& elements, const Tensor& inside) {
  Tensor result(elements.type());
  dispatch_width(elements.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto* const from = static_cast<const T*>(elements.data());
    auto* const to = static_cast<T*>(result.mutable_view().data);
    const std::span<const bool> keep = inside.values<bool>();
    for (std::size_t i = 0; i < keep.size(); ++i) to[i] = keep[i] ? from[i] : T{0};
  });
  return result;
}

std::vector<std::int32_t> counted_from_front(const Tensor& indices, std::int64_t size) {
  std::vector<std::int32_t> positions(static_cast<std::size_t>(indices.size()));
  const auto convert = [&](auto from) {
    std::ranges::transform(from, positions.begin(), [&](auto index) {
      return static_cast<std::int32_t>(index < 0 ? index + size : index);
    });
  };
  indices.dtype() == i32 ? convert(indices.values<std::int32_t>())
                         : convert(indices.values<std::int64_t>());
  return positions;
}

std::vector<std::int64_t> places_before(std::span<const Range> ranges, const Shape& shape) {
  std::vector<std::int64_t> before;
  for (std::size_t axis = 0; axis < ranges.size(); ++axis)
    before.push_back(positions(ranges[axis], shape[static_cast<int>(axis)]).first);
  return before;
}

bool has_steps(std::span<const Range> ranges) {
  return std::ranges::any_of(ranges, [](const Range& range) { return range.step != 1; });
}

}  // namespace

TakenNodes::TakenNodes(const GraphData& graph, const NodeUses& uses, std::uint32_t take,
                       Runtime* runtime)
    : graph_(graph), uses_(uses), take_(take), runtime_(runtime) {
  count_ = graph_.type(graph_.operands_of(take)[1]).elements();
  ++uses_inside_[graph_.operands_of(take)[0].node];
  if (!is_passed(graph_.operands_of(take)[0].node) || !collect()) return;
  for (auto node = of_node_.rbegin(); node != of_node_.rend(); ++node)
    for (const std::size_t at : node->second) find_known(all_[at]);
  pays_ = are_few();
}

bool TakenNodes::is_for(const Op& op) { return op.get_if<Take>() != nullptr; }

bool TakenNodes::may_pay(const GraphData& graph, std::uint32_t node) {
  const auto kind = [&](const Edge& edge) { return graph.records[edge.node].kind; };
  const auto operands = graph.operands_of(node);
  const Shape x = graph.type(operands[0]).shape, indices = graph.type(operands[1]).shape;
  return x.rank() == 1 && indices.rank() == 1 && kind(operands[0]) == NodeKind::op &&
         kind(operands[1]) == NodeKind::constant &&
         graph.type(operands[0]).bytes() >= large_vector &&
         indices.elements() <= 2 * x.elements() && x.elements() <= most_elements;
}

/// Finds all elements from which those that are taken follow. Returns false if they are too many.
bool TakenNodes::collect() {
  const auto operands = graph_.operands_of(take_);
  const Tensor& indices = graph_.tensors[graph_.records[operands[1].node].tensor];
  const Shape shape = graph_.type(operands[0]).shape;
  selections_.emplace(static_cast<std::size_t>(count_));
  add(operands[0], selections_->of_elements(shape, counted_from_front(indices, shape[0])));
  all_[0].is_read = true;
  const auto is_read_often = [&](const Edge& edge) {
    const auto at = of_node_.find(edge.node);
    return !uses_.is_known(edge.node) && at != of_node_.end() && at->second.size() > most_sources;
  };
  for (auto node = of_node_.begin(); node != of_node_.end(); ++node) {
    if (node != of_node_.begin() && !is_passed(node->first)) continue;
    for (const Edge& edge : graph_.operands_of(node->first))
      if (!edge.type_only) ++uses_inside_[edge.node];
    for (const std::size_t at : node->second) expand(at);
    if (all_.size() > most_parts ||
        std::ranges::any_of(graph_.operands_of(node->first), is_read_often))
      return false;
  }
  return true;
}

/// The elements of a value, which may be known already.
std::size_t TakenNodes::add(const Edge& edge, Selection selection) {
  std::vector<std::size_t>& of_node = of_node_[edge.node];
  for (const std::size_t at : of_node)
    if (all_[at].port == edge.port && all_[at].selection == selection) return at;
  of_node.push_back(all_.size());
  all_.push_back({edge.node, edge.port, std::move(selection)});
  return of_node.back();
}

/// Whether elements of the node are found from elements of its operands. Nothing else may need its
/// results, since they would be computed all the same.
bool TakenNodes::is_passed(std::uint32_t node) {
  if (!is_op(node) || graph_.types_of(node).size() != 1 || graph_.operands_of(node).empty() ||
      uses_.count(node) != uses_inside_[node])
    return false;
  const auto has_positions = [&](const Edge& edge) {
    const std::int64_t size = graph_.type(edge).elements();
    return edge.type_only || (size > 0 && size <= most_elements);
  };
  return std::ranges::all_of(graph_.operands_of(node), has_positions) &&
         (moves(node) || computes(node));
}

bool TakenNodes::moves(std::uint32_t node) const {
  const Op& op = op_of(node);
  if (const auto* const unslice = op.get_if<UnsliceLike>()) return !has_steps(unslice->ranges);
  if (const auto* const pad = op.get_if<Pad>()) return pad->value == 0 && !std::signbit(pad->value);
  return passes_elements_on(op) || op.get_if<Slice>() || op.get_if<Transpose>();
}

bool TakenNodes::computes(std::uint32_t node) {
  const Op& op = op_of(node);
  const OpTraits& traits = op.traits();
  if (!traits.elementwise || traits.ordered || traits.has_validate || traits.type_only != 0)
    return false;
  std::vector<Type> in;
  for (const Edge& edge : graph_.operands_of(node)) in.push_back(graph_.type(edge));
  const Shape& shape = graph_.types_of(node)[0].shape;
  const ProgramPtr program = op->program(in);
  if (!program || common_shape(in) != shape) return false;
  if (2 * shape.elements() >= count_) return true;
  again_ += program->steps.size();
  return again_ <= most_steps_again &&
         std::ranges::none_of(program->steps,
                              [](const Instruction& step) { return is_function(step.primitive); });
}

void TakenNodes::expand(std::size_t at) {
  const std::uint32_t node = all_[at].node;
  const Op& op = op_of(node);
  const auto operands = graph_.operands_of(node);
  if (moves(node)) return pass(at, op, operands[0]);
  all_[at].kind = Kind::computed;
  for (const Edge& edge : operands) {
    const std::size_t operand =
        add(edge, selections_->broadcast(all_[at].selection, graph_.type(edge).shape));
    all_[at].operands.push_back(operand);
    ++all_[operand].users;
  }
}

/// Goes on with the elements of x that become these.
void TakenNodes::pass(std::size_t at, const Op& op, const Edge& x) {
  const Selection& selection = all_[at].selection;
  const Shape from = type_of(all_[at]).shape, shape = graph_.type(x).shape;
  Selections::Padded next;
  if (const auto* const slice = op.get_if<Slice>())
    next.selection = selections_->sliced(selection, slice->ranges, shape);
  else if (const auto* const unslice = op.get_if<UnsliceLike>())
    next = selections_->padded(selection, from, places_before(unslice->ranges, from), shape);
  else if (const auto* const pad = op.get_if<Pad>())
    next = selections_->padded(selection, from, pad->before, shape);
  else if (const auto* const transpose = op.get_if<Transpose>())
    next.selection = selections_->transposed(selection, transpose->axes);
  else if (op.traits().alias == 0)
    next.selection = selections_->reshaped(selection, from, shape);
  else
    next.selection = selections_->broadcast(selection, shape);
  const std::size_t operand = add(x, std::move(next.selection));
  ++all_[operand].users;
  all_[at].kind = Kind::moved;
  all_[at].operands = {operand};
  all_[at].inside = std::move(next.inside);
}

/// Constants that only constants are computed from are not kept.
void TakenNodes::find_known(Elements& elements) {
  elements.known = known(elements);
  for (const std::size_t at : elements.operands) {
    Elements& operand = all_[at];
    if (!elements.known) operand.is_read = true;
    if (--operand.users == 0 && !operand.is_read) operand.known.reset();
  }
}

/// The elements, or a scalar if all are equal, where they follow from constants and are no larger.
std::optional<Tensor> TakenNodes::known(const Elements& elements) const {
  if (elements.kind == Kind::source) return known_source(elements);
  std::vector<Tensor> operands;
  std::size_t widest = 0;
  for (const std::size_t at : elements.operands) {
    if (!all_[at].known) return {};
    operands.push_back(*all_[at].known);
    if (operands.back().rank() > 0) widest = std::max(widest, size_of(operands.back().dtype()));
  }
  if (elements.kind == Kind::moved) {
    if (!elements.inside) return operands[0];
    return operands[0].rank() == 0 ? std::optional<Tensor>()
                                   : with_zeros(operands[0], *elements.inside);
  }
  if (widest > 0 && size_of(type_of(elements).dtype) > widest) return {};
  Tensor result = evaluate_op(op_of(elements.node), operands, {runtime_})[0];
  if (!all_finite(result.view(), 0, result.size())) return {};  // check_finite will tell
  return result;
}

std::optional<Tensor> TakenNodes::known_source(const Elements& elements) const {
  const std::uint32_t node = elements.node;
  const Type& type = type_of(elements);
  if (is_constant(node)) {
    const Tensor& tensor = graph_.tensors[graph_.records[node].tensor];
    if (tensor.size() == 1) return tensor.reshaped({});
    return selections_->take(elements.selection, tensor);
  }
  if (!is_op(node)) return {};
  if (const auto* const full = op_of(node).get_if<Full>()) return full->value.reshaped({});
  if (const auto* const full = op_of(node).get_if<FullLike>())
    return Tensor::full({type.dtype, {}}, full->value);
  return {};
}

/// Whether few values are read for each element.
bool TakenNodes::are_few() const {
  if (all_[0].known) return true;
  std::size_t sources = 0;
  std::vector<std::size_t> constants;
  std::size_t bytes = 0;
  for (const Elements& elements : all_) {
    if (elements.known || !elements.is_read) continue;
    if (elements.kind == Kind::source && type_of(elements).elements() > 1) ++sources;
    if (elements.inside) ++bytes;
    for (const std::size_t at : elements.operands)
      if (all_[at].known && all_[at].known->rank() > 0) constants.push_back(at);
  }
  std::ranges::sort(constants);
  const auto last = std::unique(constants.begin(), constants.end());
  for (auto at = constants.begin(); at != last; ++at) bytes += size_of(all_[*at].known->dtype());
  return sources <= most_sources && bytes <= most_constant_bytes;
}

Value TakenNodes::append(Rewriting& rewriting) const {
  std::vector<Value> made(all_.size());
  for (auto node = of_node_.rbegin(); node != of_node_.rend(); ++node)
    for (const std::size_t at : node->second)
      if (all_[at].is_read) made[at] = append(rewriting, all_[at], made);
  return made[0].rank() == 0 ? broadcast_to(made[0], {count_}) : made[0];
}

Value TakenNodes::append(Rewriting& rewriting, const Elements& elements,
                         std::span<const Value> made) const {
  Graph& graph = rewriting.graph();
  if (elements.known) return graph.constant(*elements.known);
  if (elements.kind == Kind::source) {
    const Value value = new_value(rewriting, elements.node, elements.port);
    if (value.size() == 1) return reshape(value, Shape{});
    return take(reshape(value, {-1}),
                graph.constant(selections_->elements(elements.selection, value.shape())), 0);
  }
  if (elements.kind == Kind::moved) {
    const Value& x = made[elements.operands[0]];
    if (!elements.inside) return x;
    return where(graph.constant(*elements.inside), x,
                 graph.constant(Tensor::full({x.dtype(), {}}, 0)));
  }
  std::vector<Operand> operands;
  for (const std::size_t at : elements.operands) operands.emplace_back(made[at]);
  return apply(op_of(elements.node), operands)[0];
}

}  // namespace dagrad::detail
