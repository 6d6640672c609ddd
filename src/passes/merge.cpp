#include <algorithm>
#include <bit>
#include <numeric>
#include <string_view>
#include <vector>

#include "src/graph/rewriting.hpp"
#include "src/passes/changes.hpp"

namespace dagrad {

namespace {

using detail::Edge, detail::GraphData;

/// Finds nodes of a graph that compute the same, by means of a table with open addressing.
class EqualNodes {
 public:
  EqualNodes(const GraphData& graph, std::span<const std::uint32_t> nodes)
      : graph_(graph),
        hash_(nodes.empty() ? 0 : nodes.back() + 1),
        table_(std::bit_ceil(2 * nodes.size() + 2), detail::no_node) {
    for (const std::uint32_t node : nodes) add(node);
  }

  /// The first node that computes the same as this one; often the node itself.
  std::uint32_t first(std::uint32_t node) const { return first_.empty() ? node : first_[node]; }
  bool any() const { return !first_.empty(); }

 private:
  const GraphData::Record& record(std::uint32_t node) const { return graph_.records[node]; }
  const Tensor& tensor(std::uint32_t node) const { return graph_.tensors[record(node).tensor]; }
  bool commutes(std::uint32_t node) const {
    return graph_.ops[record(node).op].op.traits().commutative &&
           graph_.operands_of(node).size() == 2;
  }

  void add(std::uint32_t node) {
    const bool may_be_equal = record(node).kind == NodeKind::op
                                  ? !graph_.ops[record(node).op].op.traits().ordered
                                  : record(node).kind == NodeKind::constant;
    if (!may_be_equal) return;
    const std::uint32_t hash = hash_of(node);
    std::size_t at = hash & (table_.size() - 1);
    for (; table_[at] != detail::no_node; at = (at + 1) & (table_.size() - 1)) {
      if (hash_[table_[at]] != hash || !are_equal(table_[at], node)) continue;
      if (first_.empty()) {
        first_.resize(hash_.size());
        std::iota(first_.begin(), first_.end(), 0U);
      }
      first_[node] = table_[at];
      return;
    }
    hash_[node] = hash;
    table_[at] = node;
  }

  bool are_equal(std::uint32_t a, std::uint32_t b) const {
    if (record(a).kind != record(b).kind) return false;
    if (record(a).kind == NodeKind::constant) return same_bits(tensor(a), tensor(b));
    if (record(a).op != record(b).op) return false;
    const auto left = graph_.operands_of(a), right = graph_.operands_of(b);
    const auto same = [&](const Edge& x, const Edge& y) { return key(x) == key(y); };
    return std::ranges::equal(left, right, same) ||
           (commutes(a) && same(left[0], right[1]) && same(left[1], right[0]));
  }

  /// Identifies an operand, the same for equal ones.
  std::uint64_t key(const Edge& edge) const {
    return std::uint64_t{first(edge.node)} << 32 | edge.port;
  }
  std::uint32_t hash_of(std::uint32_t node) const {
    std::uint64_t hash = record(node).op;
    const auto add = [&](std::uint64_t next) { hash = (hash ^ next) * 0xff51afd7ed558ccdU; };
    if (record(node).kind == NodeKind::constant) {
      const Tensor& held = tensor(node);
      add(std::hash<std::string_view>()(
          {static_cast<const char*>(held.data()), held.type().bytes()}));
    } else {
      const auto operands = graph_.operands_of(node);
      const bool swap = commutes(node) && key(operands[1]) < key(operands[0]);
      for (std::size_t i = 0; i < operands.size(); ++i) add(key(operands[swap ? 1 - i : i]));
    }
    return static_cast<std::uint32_t>((hash ^ hash >> 29) * 0x9e3779b97f4a7c15U >> 32);
  }

  const GraphData& graph_;
  std::vector<std::uint32_t> first_;  ///< by node; empty as long as no two are equal
  std::vector<std::uint32_t> hash_;   ///< by node
  std::vector<std::uint32_t> table_;  ///< twice as large as the number of nodes, or larger
};

}  // namespace

detail::Change detail::merge_equal_nodes(const Graph& graph, std::span<const Value> values) {
  const GraphData& from = Access::data(graph);
  const std::vector<std::uint32_t> nodes = needed(from, values, {}, "merge_equal");
  const EqualNodes equal(from, nodes);
  if (!equal.any()) return {};
  Rewriting rewriting(from, "merge_equal", Retypes::none);
  for (const std::uint32_t node : nodes)
    rewriting.make_for(node, [&] {
      const std::uint32_t first = equal.first(node);
      first == node ? rewriting.copy(node) : rewriting.replace(node, rewriting.results(first));
    });
  return std::move(rewriting).finish();
}

PassResult merge_equal(const Graph& graph, std::span<const Value> values) {
  return detail::or_copy(detail::merge_equal_nodes(graph, values), graph, values);
}

}  // namespace dagrad
