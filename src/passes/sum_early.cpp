#include <optional>
#include <vector>

#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/passes/sums.hpp"
#include "src/passes/changes.hpp"
#include "src/passes/replaced_nodes.hpp"

namespace dagrad {

namespace {

using detail::Edge, detail::GraphData, detail::NodeUses, detail::Rewriting;

/// Smaller products take no longer than the sum itself.
constexpr std::int64_t least_multiplications = 4096;

/// A sum over the rows or columns of a product that nothing else needs.
struct SumOfProduct {
  std::uint32_t product = 0;
  std::vector<std::uint32_t> joined;  ///< the product, and negations between it and the sum
  SummedProduct op = {};
  std::vector<std::int64_t> other_axes;  ///< of the product, which are summed, too
  std::uint32_t joint = 0;               ///< the new node, once there is one

  bool negated() const { return joined.size() % 2 == 0; }
};

class SummedProducts {
 public:
  SummedProducts(const GraphData& graph, const NodeUses& uses) : graph_(graph), uses_(uses) {}

  /// Whether an op is a sum.
  static bool is_for(const Op& op) { return op.get_if<Sum>() || op.get_if<SumToLike>(); }
  /// Whether a sum adds up the result of a product, or its negation. Other sums need no closer
  /// look.
  static bool may_pay(const GraphData& graph, std::uint32_t node) {
    std::uint32_t x = graph.operands_of(node)[0].node;
    while (op_of<Neg>(graph, x)) x = graph.operands_of(x)[0].node;
    return op_of<Matmul>(graph, x);
  }

  std::optional<SumOfProduct> find(std::uint32_t node) const {
    const std::uint32_t axes = summed_axes(node);
    Edge x = graph_.operands_of(node)[0];
    SumOfProduct found;
    for (; op_at<Neg>(x); x = graph_.operands_of(x.node)[0]) found.joined.push_back(x.node);
    const auto* const matmul = op_at<Matmul>(x);
    if (matmul == nullptr || !is_worth_it(x.node)) return {};
    const int rank = graph_.type(x).shape.rank();
    const int row = rank - 2, column = rank - 1;
    const auto sums = [&](int axis) {
      return (axes >> axis & 1U) != 0 && graph_.type(x).shape[axis] > 1;
    };
    if (!sums(row) && !sums(column)) return {};
    found.joined.push_back(found.product = x.node);
    found.op = {matmul->transpose_left, matmul->transpose_right, !sums(row)};
    for (int axis = 0; axis < rank; ++axis)
      if (sums(axis) && axis != (found.op.columns ? column : row)) found.other_axes.push_back(axis);
    return found;
  }

 private:
  /// The op of a node, if it is a T.
  template <class T>
  static const T* op_of(const GraphData& graph, std::uint32_t node) {
    const auto& record = graph.records[node];
    return record.kind == NodeKind::op ? graph.ops[record.op].op.template get_if<T>() : nullptr;
  }
  /// The op that makes a value, if it is a T and nothing else needs the value.
  template <class T>
  const T* op_at(const Edge& x) const {
    return uses_.count(x.node) == 1 ? op_of<T>(graph_, x.node) : nullptr;
  }

  /// Bit i is set if the node, a sum, sums axis i of its first operand.
  std::uint32_t summed_axes(std::uint32_t node) const {
    const Shape& x = graph_.type(graph_.operands_of(node)[0]).shape;
    if (const auto* const sum = op_of<Sum>(graph_, node)) return sum->mask(x.rank());
    const Shape& result = graph_.types_of(node)[0].shape;
    const int added = x.rank() - result.rank();
    std::uint32_t axes = 0;
    for (int i = 0; i < x.rank(); ++i)
      if (i < added || result[i - added] != x[i]) axes |= std::uint32_t{1} << i;
    return axes;
  }

  bool is_worth_it(std::uint32_t product) const {
    const Type& type = graph_.types_of(product)[0];
    if (type.dtype != f32 && type.dtype != f64) return false;
    const Edge& left = graph_.operands_of(product)[0];
    for (const Edge& edge : graph_.operands_of(product))
      if (graph_.type(edge).shape.rank() < 2) return false;
    const Shape& shape = graph_.type(left).shape;
    const bool transposed = op_of<Matmul>(graph_, product)->transpose_left;
    const std::int64_t inner = shape[shape.rank() - (transposed ? 2 : 1)];
    return inner > 0 && type.elements() > 0 && type.elements() >= least_multiplications / inner;
  }

  const GraphData& graph_;
  const NodeUses& uses_;
};

Value append_sum(Rewriting& rewriting, SumOfProduct& sum, std::uint32_t node) {
  const Shape& shape = rewriting.from().types_of(node)[0].shape;
  std::vector<Operand> matrices;
  for (const Edge& edge : rewriting.from().operands_of(sum.product))
    matrices.emplace_back(detail::new_value(rewriting, edge.node, edge.port));
  Value total = apply(sum.op, matrices);
  sum.joint = total.node_id();
  if (!sum.other_axes.empty()) total = dagrad::sum(total, sum.other_axes);
  if (sum.negated()) total = -total;
  std::vector<std::int64_t> dims(shape.begin(), shape.end());
  if (!dims.empty()) dims[0] = -1;  // any number of rows, so that tiles may divide them
  return reshape(total, dims);
}

}  // namespace

detail::Change detail::sum_products_early(const Graph& graph, std::span<const Value> values) {
  const auto find = [](const GraphData& from, const NodeUses& uses, std::uint32_t node) {
    return SummedProducts(from, uses).find(node);
  };
  return replace_nodes(graph, values, "sum_early", SummedProducts::is_for, SummedProducts::may_pay,
                       find, append_sum);
}

PassResult sum_early(const Graph& graph, std::span<const Value> values) {
  return detail::or_copy(detail::sum_products_early(graph, values), graph, values);
}

}  // namespace dagrad
