#include "src/passes/pattern.hpp"

#include <algorithm>
#include <cmath>

#include "dagrad/ops/control.hpp"
#include "dagrad/ops/create.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "src/graph/access.hpp"
#include "src/graph/view.hpp"
#include "src/passes/alike.hpp"

namespace dagrad {

Value operand_of(const Value& value, std::size_t i) { return value.node().operands().at(i); }

namespace detail {

std::optional<double> fill_of(const Tensor& tensor) {
  constexpr std::int64_t most = 256;
  if (tensor.size() == 0 || tensor.size() > most) return {};
  const double first = tensor.at(0);
  for (std::int64_t i = 1; i < tensor.size(); ++i)
    if (tensor.at(i) != first || std::signbit(tensor.at(i)) != std::signbit(first)) return {};
  return first;
}

bool passes_elements_on(const Op& op) {
  const OpTraits& traits = op.traits();
  return op.get_if<BroadcastTo>() || op.get_if<BroadcastLike>() ||
         (traits.alias == 0 && !traits.ordered && !traits.has_validate);
}

bool same_number(double pattern, double number, DType dtype) {
  return number == pattern && (!is_float(dtype) || std::signbit(number) == std::signbit(pattern));
}

}  // namespace detail

std::optional<double> known_fill(const Value& value) {
  const detail::GraphView graph(detail::Access::data(value));
  if (value.type().elements() == 0) return {};
  for (detail::Edge at{value.node_id(), value.port(), false}; at.port == 0;
       at = graph.operands(at.node)[0]) {
    if (graph.kind(at.node) == NodeKind::constant) return detail::fill_of(graph.tensor(at.node));
    if (graph.kind(at.node) != NodeKind::op) return {};
    const Op& op = graph.op(at.node);
    if (const auto* full = op.get_if<Full>()) return detail::fill_of(full->value);
    if (const auto* like = op.get_if<FullLike>()) return like->value;
    if (!detail::passes_elements_on(op)) return {};
  }
  return {};
}

namespace detail {

Pattern::Pattern(std::size_t operands, const std::function<Value(std::span<const Value>)>& left) {
  Graph graph;
  std::vector<Value> any;
  for (std::size_t i = 0; i < operands; ++i)
    any.push_back(graph.input("x" + std::to_string(i), {f64, {}}));
  const Value value = left(any);
  if (value.node().kind() != NodeKind::op)
    throw ArgumentError("Rule: the left side is '" + value.name() +
                        "', but it must be the result of an op");
  root_ = add(value, any);
}

std::size_t Pattern::add(const Value& value, std::span<const Value> operands) {
  Part part;
  const Node node = value.node();
  if (node.kind() == NodeKind::input) {
    while (operands[part.operand] != value) ++part.operand;
  } else if (node.kind() == NodeKind::constant) {
    part.kind = Part::Kind::number;
    part.number = node.tensor().at(0);
  } else {
    part.kind = Part::Kind::op;
    part.op = node.op();
    if (part.op.traits().commutative) ++commutative_;
    for (const Value& in : node.operands()) part.in.push_back(add(in, operands));
  }
  parts_.push_back(std::move(part));
  return parts_.size() - 1;
}

OperandNeeds Pattern::needs(OperandKinds& kinds) const {
  const Part& root = parts_[root_];
  OperandNeeds needs{.commutes = root.op.traits().commutative};
  if (needs.commutes && root.in.size() != 2) return {};
  for (std::size_t i = 0; i < std::min(root.in.size(), OperandNeeds::most); ++i) {
    const Part& part = parts_[root.in[i]];
    if (part.kind == Part::Kind::number) needs.bits[i] = kinds.bit_of(part.number);
    if (part.kind == Part::Kind::op) needs.bits[i] = kinds.bit_of(part.op);
  }
  const auto is_operand = [&](std::size_t i, std::size_t operand) {
    const Part& part = parts_[root.in[i]];
    return part.kind == Part::Kind::operand && part.operand == operand;
  };
  needs.equal = root.in.size() > 1 && parts_[root.in[0]].kind == Part::Kind::operand &&
                is_operand(1, parts_[root.in[0]].operand);
  return needs;
}

std::optional<Bound> Pattern::match(const RuleSite& site) const {
  const Part& root = parts_[root_];
  if (!(site.op == root.op)) return {};
  // Each number below says, bit by bit, which commutative ops have their operands exchanged.
  for (std::size_t choice = 0; choice < std::size_t{1} << commutative_; ++choice) {
    Bound bound;
    std::size_t swaps = choice;
    if (match_operands(root, site.operands, bound, swaps)) return bound;
  }
  return {};
}

/// `swaps` loses a bit for each commutative op that has been met.
bool Pattern::match(const Part& part, const Value& value, Bound& bound, std::size_t& swaps) const {
  switch (part.kind) {
    case Part::Kind::operand: {
      Value& known = bound[part.operand];
      if (known.empty()) known = value;
      return made_alike(known, value);
    }
    case Part::Kind::number: {
      const std::optional<double> fill = known_fill(value);
      return fill && same_number(part.number, *fill, value.dtype());
    }
    case Part::Kind::op: {
      const Node node = value.node();
      if (value.port() != 0 || node.kind() != NodeKind::op || !(node.op() == part.op)) return false;
      return match_operands(part, node.operands(), bound, swaps);
    }
  }
  return false;
}

bool Pattern::match_operands(const Part& part, std::span<const Value> operands, Bound& bound,
                             std::size_t& swaps) const {
  if (operands.size() != part.in.size()) return false;
  bool swapped = false;
  if (part.op.traits().commutative) {
    swapped = (swaps & 1) != 0;
    swaps >>= 1;
  }
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const std::size_t from = swapped ? operands.size() - 1 - i : i;
    if (!match(parts_[part.in[i]], operands[from], bound, swaps)) return false;
  }
  return true;
}

}  // namespace detail
}  // namespace dagrad
