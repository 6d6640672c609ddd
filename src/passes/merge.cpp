#include <algorithm>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include "dagrad/passes.hpp"
#include "src/graph/access.hpp"
#include "src/graph/view.hpp"

namespace dagrad {

namespace {

/// The distinct nodes of the new graph so far.
class DistinctNodes {
 public:
  explicit DistinctNodes(const Graph& graph) : graph_(detail::Access::data(graph)) {}

  /// The node that computes the same as `op` of these operands, or else `no_node`.
  std::uint32_t find(const Op& op, std::span<const Value> operands) const {
    return find(hash(op, operands), [&](std::uint32_t node) {
      return graph_.kind(node) == NodeKind::op && graph_.op(node) == op &&
             std::ranges::equal(graph_.operands(node), operands,
                                [](const detail::Edge& edge, const Value& value) {
                                  return edge.node == value.node_id() && edge.port == value.port();
                                });
    });
  }
  std::uint32_t find(const Tensor& constant) const {
    return find(hash(constant), [&](std::uint32_t node) {
      if (graph_.kind(node) != NodeKind::constant) return false;
      const Tensor& other = graph_.tensor(node);
      return other.type() == constant.type() && bits(other) == bits(constant);
    });
  }
  void add(std::uint32_t node, const Op& op, std::span<const Value> operands) {
    by_hash_.emplace(hash(op, operands), node);
  }
  void add(std::uint32_t node, const Tensor& constant) { by_hash_.emplace(hash(constant), node); }

 private:
  template <class Same>
  std::uint32_t find(std::size_t hash, const Same& same) const {
    const auto [begin, end] = by_hash_.equal_range(hash);
    const auto at = std::find_if(begin, end, [&](const auto& known) { return same(known.second); });
    return at != end ? at->second : detail::no_node;
  }
  static std::string_view bits(const Tensor& tensor) {
    return {static_cast<const char*>(tensor.data()), tensor.type().bytes()};
  }
  static std::size_t hash(const Tensor& constant) {
    return std::hash<std::string_view>()(bits(constant));
  }
  static std::size_t hash(const Op& op, std::span<const Value> operands) {
    std::size_t hash = op->hash();
    for (const Value& value : operands)
      hash = (hash ^ (std::size_t{value.node_id()} << 8 ^ value.port())) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
  }

  detail::GraphView graph_;
  std::unordered_multimap<std::size_t, std::uint32_t> by_hash_;
};

/// Puts the operands of a commutative op into one order.
void order(const Op& op, std::vector<Value>& operands) {
  const auto key = [](const Value& value) { return std::pair(value.node_id(), value.port()); };
  if (op.traits().commutative && key(operands[1]) < key(operands[0]))
    std::swap(operands[0], operands[1]);
}

void merge(Rewriter& rewriter, const Node& node, DistinctNodes& distinct) {
  if (node.kind() == NodeKind::constant) {
    const std::uint32_t same = distinct.find(node.tensor());
    if (same != detail::no_node)
      rewriter.replace(rewriter.graph().node(same).output());
    else
      distinct.add(rewriter.copy().front().node_id(), node.tensor());
    return;
  }
  if (node.kind() != NodeKind::op || node.op().traits().ordered) return;
  std::vector<Value> operands = rewriter(node.operands());
  order(node.op(), operands);
  const std::uint32_t same = distinct.find(node.op(), operands);
  if (same == detail::no_node) {
    const std::vector<Value> results = rewriter.copy(node.op(), operands);
    if (!results.empty()) distinct.add(results.front().node_id(), node.op(), operands);
    return;
  }
  std::vector<Value> results;
  for (std::uint32_t port = 0; port < node.outputs(); ++port)
    results.push_back(rewriter.graph().node(same).output(port));
  rewriter.replace(results);
}

}  // namespace

PassResult merge_equal(const Graph& graph, std::span<const Value> values) {
  std::optional<DistinctNodes> distinct;
  return rewrite(graph,
                 [&](Rewriter& rewriter, const Node& node) {
                   if (!distinct) distinct.emplace(rewriter.graph());
                   merge(rewriter, node, *distinct);
                 },
                 {.outputs = {values.begin(), values.end()}});
}

}  // namespace dagrad
