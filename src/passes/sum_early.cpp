#include <optional>
#include <unordered_map>
#include <vector>

#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/passes/sums.hpp"
#include "src/graph/rewriting.hpp"
#include "src/passes/changes.hpp"
#include "src/passes/taken_nodes.hpp"

namespace dagrad {

namespace {

using detail::Edge, detail::GraphData, detail::NodeUses, detail::Rewriting;

/// Smaller products take no longer than the sum itself.
constexpr std::int64_t least_multiplications = 4096;

/// A sum over the rows or columns of a product that nothing else needs.
struct SumOfProduct {
  std::uint32_t product;
  bool negated = false;
  SummedProduct op = {};
  std::vector<std::int64_t> other_axes = {};  ///< of the product, which are summed, too
};

class SummedProducts {
 public:
  SummedProducts(const GraphData& graph, std::span<const std::uint32_t> nodes,
                 std::span<const Value> values)
      : graph_(graph), uses_(graph, nodes, values) {}

  std::optional<SumOfProduct> find(std::uint32_t node) const {
    const std::optional<std::uint32_t> axes = summed_axes(node);
    if (!axes) return {};
    Edge x = graph_.operands_of(node)[0];
    bool negated = false;
    for (; op_at<Neg>(x); x = graph_.operands_of(x.node)[0]) negated = !negated;
    const auto* const matmul = op_at<Matmul>(x);
    if (matmul == nullptr || !is_worth_it(x.node)) return {};
    const int rank = graph_.type(x).shape.rank();
    const int row = rank - 2, column = rank - 1;
    const auto sums = [&](int axis) {
      return (*axes >> axis & 1U) != 0 && graph_.type(x).shape[axis] > 1;
    };
    if (!sums(row) && !sums(column)) return {};
    SumOfProduct found{x.node, negated};
    found.op = {matmul->transpose_left, matmul->transpose_right, !sums(row)};
    for (int axis = 0; axis < rank; ++axis)
      if (sums(axis) && axis != (found.op.columns ? column : row)) found.other_axes.push_back(axis);
    return found;
  }

 private:
  /// The op that makes a value, if it is a T and nothing else needs the value.
  template <class T>
  const T* op_at(const Edge& x) const {
    const bool is_op = graph_.records[x.node].kind == NodeKind::op;
    return is_op && uses_.count(x.node) == 1 ? op_of(x.node).get_if<T>() : nullptr;
  }
  const Op& op_of(std::uint32_t node) const { return graph_.ops[graph_.records[node].op].op; }

  /// Bit i is set if the node sums axis i of its first operand; empty if it is not a sum.
  std::optional<std::uint32_t> summed_axes(std::uint32_t node) const {
    if (graph_.records[node].kind != NodeKind::op) return {};
    const Op& op = op_of(node);
    if (op.get_if<Sum>() == nullptr && op.get_if<SumToLike>() == nullptr) return {};
    const Shape& x = graph_.type(graph_.operands_of(node)[0]).shape;
    if (const auto* const sum = op.get_if<Sum>()) return sum->mask(x.rank());
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
    const bool transposed = op_of(product).get_if<Matmul>()->transpose_left;
    const std::int64_t inner = shape[shape.rank() - (transposed ? 2 : 1)];
    return inner > 0 && type.elements() > 0 && type.elements() >= least_multiplications / inner;
  }

  const GraphData& graph_;
  NodeUses uses_;
};

Value append(Rewriting& rewriting, const SumOfProduct& sum, const Shape& shape) {
  std::vector<Operand> matrices;
  for (const Edge& edge : rewriting.from().operands_of(sum.product))
    matrices.emplace_back(
        rewriting.mapping()(detail::Access::value(rewriting.from().share(), edge.node, edge.port)));
  Value total = apply(sum.op, matrices);
  if (!sum.other_axes.empty()) total = dagrad::sum(total, sum.other_axes);
  if (sum.negated) total = -total;
  std::vector<std::int64_t> dims(shape.begin(), shape.end());
  if (!dims.empty()) dims[0] = -1;  // any number of rows, so that tiles may divide them
  return reshape(total, dims);
}

}  // namespace

detail::Change detail::sum_products_early(const Graph& graph, std::span<const Value> values) {
  const GraphData& from = Access::data(graph);
  const std::vector<std::uint32_t> nodes = needed(from, values, {}, "sum_early");
  const SummedProducts sums(from, nodes, values);
  std::unordered_map<std::uint32_t, SumOfProduct> found;
  for (const std::uint32_t node : nodes)
    if (auto sum = sums.find(node)) found.emplace(node, *std::move(sum));
  if (found.empty()) return {};
  Rewriting rewriting(from, "sum_early", Retypes::none);
  for (const std::uint32_t node : nodes)
    rewriting.make_for(node, [&] {
      const auto at = found.find(node);
      if (at == found.end()) return rewriting.copy(node);
      const Value total = append(rewriting, at->second, from.types_of(node)[0].shape);
      rewriting.replace(node, {&total, 1});
    });
  return std::move(rewriting).finish();
}

PassResult sum_early(const Graph& graph, std::span<const Value> values) {
  return detail::or_copy(detail::sum_products_early(graph, values), graph, values);
}

}  // namespace dagrad
