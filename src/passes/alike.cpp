#include "src/passes/alike.hpp"

#include <algorithm>

#include "src/graph/access.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

namespace {

/// The most nodes that are compared, and the most bytes of a constant.
constexpr int most_nodes = 64;
constexpr std::size_t most_bytes = 1024;

class Comparison {
 public:
  explicit Comparison(const GraphView& graph) : graph_(graph) {}

  bool alike(const Edge& a, const Edge& b) {
    if (a.port != b.port) return false;
    if (a.node == b.node) return true;
    if (graph_.kind(a.node) != graph_.kind(b.node) || left_ == 0) return false;
    --left_;
    switch (graph_.kind(a.node)) {
      case NodeKind::constant: {
        const Tensor &x = graph_.tensor(a.node), &y = graph_.tensor(b.node);
        return x.type().bytes() <= most_bytes && same_bits(x, y);
      }
      case NodeKind::op:
        return graph_.op_index(a.node) == graph_.op_index(b.node) &&
               nodes_are_alike(a.node, b.node);
      default:
        return false;
    }
  }

 private:
  bool nodes_are_alike(std::uint32_t a, std::uint32_t b) {
    const OpTraits& traits = graph_.op(a).traits();
    if (traits.ordered) return false;
    const auto left = graph_.operands(a), right = graph_.operands(b);
    const auto same = [&](const Edge& x, const Edge& y) { return alike(x, y); };
    return std::ranges::equal(left, right, same) ||
           (traits.commutative && left.size() == 2 && right.size() == 2 &&
            alike(left[0], right[1]) && alike(left[1], right[0]));
  }

  const GraphView& graph_;
  int left_ = most_nodes;
};

}  // namespace

bool made_alike(const Value& a, const Value& b) {
  const GraphView graph(Access::data(a));
  return Comparison(graph).alike({a.node_id(), a.port(), false}, {b.node_id(), b.port(), false});
}

}  // namespace dagrad::detail
