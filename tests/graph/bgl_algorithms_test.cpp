// Algorithms of Boost.Graph run on the graph itself and give the same results as on an
// adjacency_list.
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/depth_first_search.hpp>
#include <boost/graph/dominator_tree.hpp>
#include <boost/graph/graphviz.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <boost/graph/topological_sort.hpp>
#include <boost/graph/transitive_closure.hpp>

#include <algorithm>
#include <sstream>

#include "tests/graph/random_graph.hpp"

namespace {

using namespace test;

template <class G>
Numbers topological_order(const G& g) {
  Numbers order;
  boost::topological_sort(g, std::back_inserter(order));
  return order;
}
TEST(Bgl, TopologicalSort) {
  expect_same([](const auto& g) { return topological_order(g); });
}
TEST(Bgl, TopologicalSortOfTheReverse) {
  expect_same([](const auto& g) {
    const auto reversed = boost::make_reverse_graph(g);  // it refers to the graph
    return topological_order(reversed);
  });
}

template <class G>
struct EdgesSeen : boost::default_bfs_visitor {
  explicit EdgesSeen(Numbers& to) : seen(&to) {}
  template <class Edge>
  void examine_edge(const Edge& edge, const G& g) {
    append(*seen, {source(edge, g), target(edge, g), ports(edge, g).operand});
  }
  Numbers* seen;
};
TEST(Bgl, BreadthFirstSearch) {
  expect_same([]<class G>(const G& g) {
    Numbers seen;
    boost::breadth_first_search(g, 0, boost::visitor(EdgesSeen<G>(seen)));
    return seen;
  });
}

struct NodesFinished : boost::default_dfs_visitor {
  explicit NodesFinished(Numbers& to) : seen(&to) {}
  template <class G>
  void discover_vertex(std::size_t node, const G&) {
    seen->push_back(node);
  }
  template <class G>
  void finish_vertex(std::size_t node, const G&) {
    seen->push_back(node);
  }
  Numbers* seen;
};
TEST(Bgl, DepthFirstSearch) {
  expect_same([](const auto& g) {
    Numbers seen;
    boost::depth_first_search(g, boost::visitor(NodesFinished(seen)));
    return seen;
  });
}

/// One number for each vertex, as written by an algorithm to a property map.
template <class G, class Algorithm>
Numbers of_vertices(const G& g, Algorithm&& algorithm) {
  Numbers numbers(num_vertices(g), boost::graph_traits<G>::null_vertex());
  algorithm(boost::make_iterator_property_map(numbers.begin(), get(boost::vertex_index, g)));
  return numbers;
}

/// The immediate dominator of each node that can be reached from vertex 0. With only three
/// arguments, lengauer_tarjan_dominator_tree numbers unreachable nodes like the entry and is wrong
/// about their users.
template <class G>
Numbers dominators(const G& g) {
  const auto index = get(boost::vertex_index, g);
  const std::size_t none = boost::graph_traits<G>::null_vertex();
  Numbers found(num_vertices(g), none), number = found, parent = found, by_number = found;
  boost::lengauer_tarjan_dominator_tree(
      g, 0, index, boost::make_iterator_property_map(number.begin(), index),
      boost::make_iterator_property_map(parent.begin(), index), by_number,
      boost::make_iterator_property_map(found.begin(), index));
  return found;
}
TEST(Bgl, DominatorTree) {
  expect_same([](const auto& g) { return dominators(g); });
}
TEST(Bgl, DominatorsAreOnAllPaths) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const RandomGraph random(seed);
    const Graph& graph = random.graph();
    const std::size_t none = boost::graph_traits<Graph>::null_vertex();
    Numbers expected(graph.size(), none);
    for (std::size_t v = 1; v < graph.size(); ++v)
      for (const GraphEdge& edge : boost::make_iterator_range(in_edges(v, graph))) {
        std::size_t from = edge.source;
        if (from != 0 && expected[from] == none) continue;  // unreachable from vertex 0
        std::size_t& meeting = expected[v];
        if (meeting == none) meeting = from;
        while (meeting != from)
          (meeting > from ? meeting : from) = expected[std::max(meeting, from)];
      }
    ASSERT_EQ(dominators(graph), expected) << "random graph " << seed;
  }
}

TEST(Bgl, StrongComponents) {
  expect_same([](const auto& g) {
    return of_vertices(g, [&](auto map) { boost::strong_components(g, map); });
  });
}

template <class G>
boost::adjacency_list<> closure_of(const G& g) {
  boost::adjacency_list<> closure;
  boost::transitive_closure(g, closure);
  return closure;
}
TEST(Bgl, TransitiveClosure) {
  expect_same([](const auto& g) {
    const auto closure = closure_of(g);
    Numbers all;
    for (const auto& edge : boost::make_iterator_range(edges(closure)))
      append(all, {source(edge, closure), target(edge, closure)});
    return all;
  });
}
TEST(Bgl, TransitiveClosureIsReachability) {  // two graphs could agree on a wrong answer
  for (unsigned seed = 0; seed < 20; ++seed) {
    const RandomGraph random(seed);
    const Graph& graph = random.graph();
    std::vector<std::vector<bool>> from(graph.size(), std::vector<bool>(graph.size()));
    std::size_t pairs = 0;
    for (std::size_t v = 0; v < graph.size(); ++v) {
      for (const Value& operand : graph.node(static_cast<std::uint32_t>(v)).operands()) {
        from[v][operand.node_id()] = true;
        for (std::size_t u = 0; u < graph.size(); ++u)
          if (from[operand.node_id()][u]) from[v][u] = true;
      }
      pairs += static_cast<std::size_t>(std::count(from[v].begin(), from[v].end(), true));
    }
    EXPECT_EQ(num_edges(closure_of(graph)), pairs);
  }
}

TEST(Bgl, WriteGraphviz) {
  expect_same([](const auto& g) {
    std::ostringstream text;
    boost::write_graphviz(text, g, boost::default_writer(),
                          [&](std::ostream& out, const auto& edge) {
                            out << "[headlabel=" << ports(edge, g).operand << "]";
                          });
    return text.str();
  });
}

}  // namespace
