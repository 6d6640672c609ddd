#include <algorithm>
#include <numeric>
#include <string_view>
#include <vector>

#include "dagrad/passes.hpp"
#include "src/graph/access.hpp"
#include "src/graph/view.hpp"

namespace dagrad {

namespace {

/// The distinct nodes of the new graph so far, in a table with open addressing.
class DistinctNodes {
 public:
  explicit DistinctNodes(const Graph& graph) : graph_(detail::Access::data(graph)) {}

  /// Finds the node that computes the same as `op` of these operands, or else has `make` make one.
  template <class Make>
  std::uint32_t find(const Op& op, std::span<const Value> operands, const Make& make) {
    const bool commutes = op.traits().commutative && operands.size() == 2;
    const auto is_same = [&](std::uint32_t node) {
      if (graph_.kind(node) != NodeKind::op || graph_.op(node) != op) return false;
      const auto edges = graph_.operands(node);
      return std::ranges::equal(edges, operands, denote_the_same) ||
             (commutes && denote_the_same(edges[0], operands[1]) &&
              denote_the_same(edges[1], operands[0]));
    };
    return find(hash(op, operands), is_same, make);
  }
  /// The same for a constant.
  template <class Make>
  std::uint32_t find(const Tensor& constant, const Make& make) {
    const auto is_same = [&](std::uint32_t node) {
      return graph_.kind(node) == NodeKind::constant && same_bits(graph_.tensor(node), constant);
    };
    return find(hash(constant), is_same, make);
  }

 private:
  struct Place {
    std::uint32_t hash = 0;
    std::uint32_t node = detail::no_node;
  };

  template <class Same, class Make>
  std::uint32_t find(std::uint32_t hash, const Same& is_same, const Make& make) {
    if (2 * used_ >= table_.size()) grow();
    std::size_t at = hash & (table_.size() - 1);
    for (; table_[at].node != detail::no_node; at = (at + 1) & (table_.size() - 1))
      if (table_[at].hash == hash && is_same(table_[at].node)) return table_[at].node;
    const std::uint32_t node = make();
    table_[at] = {hash, node};
    ++used_;
    return node;
  }
  void grow() {
    std::vector<Place> old(std::max<std::size_t>(64, 2 * table_.size()));
    old.swap(table_);
    for (const Place& place : old) {
      if (place.node == detail::no_node) continue;
      std::size_t at = place.hash & (table_.size() - 1);
      while (table_[at].node != detail::no_node) at = (at + 1) & (table_.size() - 1);
      table_[at] = place;
    }
  }
  static std::uint32_t mixed(std::size_t hash) {
    hash *= 0x9e3779b97f4a7c15u;
    return static_cast<std::uint32_t>(hash >> 32);
  }
  static std::uint32_t hash(const Tensor& constant) {
    return mixed(std::hash<std::string_view>()(
        {static_cast<const char*>(constant.data()), constant.type().bytes()}));
  }
  static std::uint32_t hash(const Op& op, std::span<const Value> operands) {
    const auto key = [](const Value& value) {
      return std::size_t{value.node_id()} << 8 ^ value.port();
    };
    const auto add = [](std::size_t so_far, std::size_t next) {
      return (so_far ^ next) * 0xff51afd7ed558ccdu;
    };
    const std::size_t hash = op->hash();
    if (op.traits().commutative && operands.size() == 2) {
      const auto [first, second] = std::minmax({key(operands[0]), key(operands[1])});
      return mixed(add(add(hash, first), second));
    }
    return mixed(std::accumulate(
        operands.begin(), operands.end(), hash,
        [&](std::size_t before, const Value& value) { return add(before, key(value)); }));
  }
  static bool denote_the_same(const detail::Edge& edge, const Value& value) {
    return edge.node == value.node_id() && edge.port == value.port();
  }

  detail::GraphView graph_;
  std::vector<Place> table_;
  std::size_t used_ = 0;
};

void merge(Rewriter& rewriter, const Node& node, DistinctNodes& distinct) {
  const auto copy = [&](auto&&... with) { return rewriter.copy(with...).front().node_id(); };
  const std::size_t before = rewriter.graph().size();
  std::uint32_t same = detail::no_node;
  if (node.kind() == NodeKind::constant) {
    same = distinct.find(node.tensor(), [&] { return copy(); });
  } else {
    if (node.kind() != NodeKind::op || node.op().traits().ordered || node.outputs() == 0) return;
    const std::vector<Value> operands = rewriter(node.operands());
    same = distinct.find(node.op(), operands, [&] { return copy(node.op(), operands); });
  }
  if (rewriter.graph().size() > before) return;  // it is the first of its kind
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
