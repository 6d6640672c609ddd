#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/range/iterator_range.hpp>
#include <random>
#include <vector>

#include "dagrad/bgl.hpp"
#include "tests/graph/test_ops.hpp"

/// Random graphs and equal adjacency_lists.
namespace test {

/// An op with any number of operands and results, which uses only the types of all operands except
/// two.
struct Mix {
  std::int64_t results = 1;
  using attributes = dagrad::attributes<&Mix::results>;
  static constexpr auto name = "mix";
  static constexpr auto type_only = operands_from<2>;
  static constexpr no_grad grad{"it is only for tests"};
  std::vector<Type> infer(std::span<const Type>) const {
    if (results == 0) throw ShapeError("is refused");
    return std::vector<Type>(static_cast<std::size_t>(results), {f64, {}});
  }
  void eval(const EvalContext&) const {}
};

struct Ports {
  std::uint32_t port = 0, operand = 0;
  bool type_only = false;
  friend bool operator==(const Ports&, const Ports&) = default;
};
using List = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS,
                                   boost::no_property, Ports>;

class RandomGraph {
 public:
  explicit RandomGraph(unsigned seed) : random_(seed) {
    grow(1 + below(60), operands_);
    for (int round = 0; round < 3; ++round) {
      drop(below(40));
      grow(below(10), operands_);
    }
  }

  const Graph& graph() const { return graph_; }
  /// The graph as an adjacency_list, whose out-edges are ordered from the newest to the oldest.
  List list() const {
    List list(operands_.size());
    for (std::size_t node = 0; node < operands_.size(); ++node)
      for (std::uint32_t i = 0; i < operands_[node].size(); ++i) {
        const Value& from = operands_[node][i];
        add_edge(from.node_id(), node, {from.port(), i, i >= 2}, list);
      }
    for (std::size_t node = 0; node < operands_.size(); ++node)
      std::reverse(list.out_edge_list(node).begin(), list.out_edge_list(node).end());
    return list;
  }

 private:
  using Operands = std::vector<Value>;

  std::uint32_t below(std::size_t n) {
    return std::uniform_int_distribution<std::uint32_t>(0,
                                                        static_cast<std::uint32_t>(n) - 1)(random_);
  }
  /// Appends nodes with zero to eight operands, some of which occur twice.
  void grow(std::size_t nodes, std::vector<Operands>& made) {
    for (; nodes > 0; --nodes) {
      Operands from;
      const Mix mix{1 + static_cast<std::int64_t>(below(3))};
      const bool has_operands = graph_.size() > 0 && below(8) > 0;
      for (std::uint32_t i = has_operands ? 1 + below(4) : 0; i > 0; --i) {
        const Node node = graph_.node(below(graph_.size()));
        from.push_back(node.output(below(node.outputs())));
        if (below(3) == 0) from.push_back(from.back());
      }
      if (from.empty())
        apply(graph_, mix);
      else
        apply(mix, std::vector<Operand>(from.begin(), from.end()));
      made.push_back(std::move(from));
    }
  }
  /// Appends nodes that are removed again, because the last one of their builder is refused.
  void drop(std::size_t nodes) {
    const std::size_t before = graph_.size();
    const Value any = graph_.node(0).output();
    const auto builder = [&] {
      const Building building{Operand(any)};
      std::vector<Operands> gone;
      grow(nodes, gone);
      apply(Mix{0}, {any, 2.5, any});
    };
    EXPECT_THROW(builder(), ShapeError);
    EXPECT_EQ(graph_.size(), before);
  }

  std::mt19937 random_;
  Graph graph_;
  std::vector<Operands> operands_;  ///< operands of each node
};

/// Expects that `ask` returns the same for many random graphs and their adjacency_lists.
template <class Ask>
void expect_same(Ask&& ask) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const RandomGraph random(seed);
    ASSERT_EQ(ask(random.graph()), ask(random.list())) << "random graph " << seed;
  }
}
using Numbers = std::vector<std::size_t>;

inline Ports ports(const GraphEdge& edge, const Graph& graph) {
  return {get(edge_port, graph, edge), get(get(edge_operand, graph), edge),
          get(edge_type_only, graph, edge)};
}
inline Ports ports(const List::edge_descriptor& edge, const List& list) { return list[edge]; }

/// Source, target, result and operand of each edge.
template <class Range, class G>
Numbers described(const Range& range, const G& g) {
  Numbers all;
  for (const auto& edge : boost::make_iterator_range(range)) {
    const Ports p = ports(edge, g);
    all.insert(all.end(), {source(edge, g), target(edge, g), p.port, p.operand, p.type_only});
  }
  return all;
}
inline void append(Numbers& all, const Numbers& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace test
