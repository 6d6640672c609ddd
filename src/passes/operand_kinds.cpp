#include "src/passes/operand_kinds.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "dagrad/ops/create.hpp"
#include "dagrad/ops/structural.hpp"
#include "src/passes/pattern.hpp"

namespace dagrad::detail {

OperandKinds::Bits OperandKinds::next() { return used_ < 63 ? Bits{1} << used_++ : any; }

OperandKinds::Bits OperandKinds::bit_of(double number) {
  for (const Number& known : numbers_)
    if (same_number(known.value, number, f64)) return known.bit;
  return numbers_.emplace_back(Number{number, next()}).bit;
}

OperandKinds::Bits OperandKinds::bit_of(const Op& op) {
  for (const OfOp& known : ops_)
    if (*known.op == op) return known.bit;
  return ops_.emplace_back(OfOp{&op, next()}).bit;
}

OperandKinds::Bits OperandKinds::bit_of(const std::function<bool(const Op&)>* holds) {
  return kinds_of_ops_.emplace_back(OfOps{holds, next()}).bit;
}

OperandKinds::Bits OperandKinds::bits_of(double number, DType dtype) const {
  Bits bits = any;
  for (const Number& known : numbers_)
    if (same_number(known.value, number, dtype)) bits |= known.bit;
  return bits;
}

OperandKinds::Bits OperandKinds::bits_of(const Op& op) const {
  Bits bits = any;
  for (const OfOp& known : ops_)
    if (*known.op == op) bits |= known.bit;
  for (const OfOps& known : kinds_of_ops_)
    if ((*known.holds)(op)) bits |= known.bit;
  if (op.get_if<Full>() || op.get_if<FullLike>())
    for (const Number& known : numbers_) bits |= known.bit;
  return bits;
}

const OperandFilter::OfOp& OperandFilter::of_op(std::uint32_t op) {
  if (op >= of_op_.size()) of_op_.resize(graph_.ops.size());
  if (of_op_[op].bits == 0)
    of_op_[op] = {kinds_.bits_of(graph_.ops[op].op), passes_elements_on(graph_.ops[op].op)};
  return of_op_[op];
}

OperandKinds::Bits OperandFilter::bits_of_constant(std::uint32_t node) {
  if (node != std::exchange(constant_, node)) {
    const Tensor& tensor = graph_.tensors[graph_.records[node].tensor];
    const std::optional<double> fill = fill_of(tensor);
    of_constant_ = fill ? kinds_.bits_of(*fill, tensor.dtype()) : OperandKinds::any;
  }
  return of_constant_;
}

/// Looks through the ops that `known_fill` looks through.
OperandKinds::Bits OperandFilter::bits(const Edge& operand) {
  OperandKinds::Bits bits = OperandKinds::any;
  for (Edge at = operand; at.port == 0; at = graph_.operands_of(at.node)[0]) {
    const GraphData::Record& record = graph_.records[at.node];
    if (record.kind == NodeKind::constant) return bits | bits_of_constant(at.node);
    if (record.kind != NodeKind::op) return bits;
    const OfOp& op = of_op(record.op);
    bits |= op.bits;
    if (!op.passes_on) return bits;
  }
  return bits;
}

bool OperandFilter::may_be_alike(const Edge& a, const Edge& b) const {
  if (a.port != b.port) return false;
  const GraphData::Record &x = graph_.records[a.node], &y = graph_.records[b.node];
  return a.node == b.node ||
         (x.kind == y.kind &&
          (x.kind == NodeKind::op ? x.op == y.op : x.kind == NodeKind::constant));
}

void OperandFilter::look_at(std::span<const Edge> operands, const Type& result) {
  operands_ = operands;
  result_ = &result;
  for (std::size_t i = 0; i < std::min(operands.size(), OperandNeeds::most); ++i)
    has_[i] = bits(operands[i]);
}

bool OperandFilter::meets(const OperandNeeds& needs) const {
  const std::size_t n = std::min(operands_.size(), OperandNeeds::most);
  const auto lacks = [&](std::size_t need, std::size_t operand) {
    return operand < n && (needs.bits[need] & ~has_[operand]) != 0;
  };
  if (n == OperandNeeds::most && lacks(2, 2)) return false;
  if (n > 1 && needs.equal && !may_be_alike(operands_[0], operands_[1])) return false;
  if ((lacks(0, 0) || lacks(1, 1)) && (!needs.commutes || lacks(0, 1) || lacks(1, 0))) return false;
  return !needs.same_type || std::ranges::any_of(operands_, [&](const Edge& operand) {
    return !operand.type_only && graph_.type(operand) == *result_;
  });
}

}  // namespace dagrad::detail
