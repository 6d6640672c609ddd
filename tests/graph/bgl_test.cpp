// A graph models the concepts of Boost.Graph, has properties, and has the same vertices and edges
// as an equal adjacency_list.
#include <boost/graph/filtered_graph.hpp>
#include <boost/graph/graph_concepts.hpp>
#include <boost/graph/graphviz.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <sstream>

#include "tests/graph/random_graph.hpp"
#include "tests/throws.hpp"

namespace {

using namespace test;

// ---- concepts

BOOST_CONCEPT_ASSERT((boost::VertexAndEdgeListGraphConcept<Graph>));
BOOST_CONCEPT_ASSERT((boost::BidirectionalGraphConcept<Graph>));
BOOST_CONCEPT_ASSERT((boost::AdjacencyGraphConcept<Graph>));
BOOST_CONCEPT_ASSERT((boost::BidirectionalGraphConcept<boost::reverse_graph<Graph>>));
static_assert(boost::is_directed_bidirectional_graph<Graph>::value);
static_assert(boost::is_multigraph<Graph>::value);

template <class Key, class Tag>
struct HasProperty {
  BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<Graph, Key, Tag>));
};
template struct HasProperty<std::size_t, boost::vertex_index_t>;
template struct HasProperty<std::size_t, boost::vertex_name_t>;
template struct HasProperty<std::size_t, std::remove_const_t<decltype(vertex_kind)>>;
template struct HasProperty<std::size_t, std::remove_const_t<decltype(vertex_op)>>;
template struct HasProperty<std::size_t, std::remove_const_t<decltype(vertex_type)>>;
template struct HasProperty<GraphEdge, boost::edge_index_t>;
template struct HasProperty<GraphEdge, std::remove_const_t<decltype(edge_port)>>;
template struct HasProperty<GraphEdge, std::remove_const_t<decltype(edge_operand)>>;
template struct HasProperty<GraphEdge, std::remove_const_t<decltype(edge_type)>>;
template struct HasProperty<GraphEdge, std::remove_const_t<decltype(edge_type_only)>>;

// ---- vertices, edges and their neighbours

TEST(Bgl, EdgesAndInEdgesAreInOrder) {
  expect_same([](const auto& g) {
    Numbers all{num_vertices(g), num_edges(g)};
    append(all, described(edges(g), g));
    for (const std::size_t v : boost::make_iterator_range(vertices(g))) {
      append(all, described(in_edges(v, g), g));
      append(all, {in_degree(v, g), out_degree(v, g), degree(v, g)});
    }
    return all;
  });
}

TEST(Bgl, OutEdgesBeginWithTheNewest) {
  expect_same([](const auto& g) {
    Numbers all;
    for (const std::size_t v : boost::make_iterator_range(vertices(g))) {
      append(all, described(out_edges(v, g), g));
      for (const std::size_t user : boost::make_iterator_range(adjacent_vertices(v, g)))
        all.push_back(user);
    }
    return all;
  });
}

TEST(Bgl, ASquareHasTwoEdges) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  times(x, x);
  EXPECT_EQ(described(out_edges(0, graph), graph), (Numbers{0, 1, 0, 1, 0, 0, 1, 0, 0, 0}));
}

TEST(Bgl, TruncatingRemovesTheNewestUsers) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  times(x, x);
  const auto refused = [&] {
    const Building building{Operand(x)};
    for (int i = 0; i < 100'000; ++i) times(x, x);
    EXPECT_EQ(out_degree(0, graph), 200'002U);
    throw ArgumentError("refused");
  };
  EXPECT_THROW(refused(), ArgumentError);
  EXPECT_EQ(out_degree(0, graph), 2U);
  EXPECT_EQ(x.node().users().size(), 1U);
}

TEST(Bgl, DescriptorsAndIteratorsStayValidAsTheGraphGrows) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  times(x, x);
  const auto first = out_edges(0, graph).first;
  const GraphEdge edge = *edges(graph).first;
  for (int i = 0; i < 1000; ++i) times(x, x);
  EXPECT_EQ(std::distance(first, out_edges(0, graph).second), 2);
  EXPECT_EQ(target(edge, graph), 1U);
  EXPECT_EQ(get(edge_operand, graph, edge), 0U);
}

TEST(Bgl, AGraphThatHasBeenMovedFromIsRefused) {
  Graph graph;
  const Graph moved = std::move(graph);
  EXPECT_EQ(num_vertices(moved), 0U);
  EXPECT_THROWS(num_vertices(graph), GraphError,  // NOLINT(bugprone-use-after-move)
                "this Graph is empty: it has been moved from");
}

// ---- properties

TEST(Bgl, NodesHaveProperties) {
  Graph graph;
  const Value x = graph.input("x", {f32, {4}});
  const std::size_t halves = halve(scale(x, 3))[1].node_id();
  EXPECT_EQ(get(boost::vertex_name, graph, 0), "x");
  EXPECT_EQ(get(get(boost::vertex_name, graph), halves), "halve");
  EXPECT_EQ(get(boost::vertex_index, graph, halves), halves);
  EXPECT_EQ(get(vertex_kind, graph, 0), NodeKind::input);
  EXPECT_EQ(get(vertex_kind, graph, 1), NodeKind::op);
  EXPECT_EQ(get(vertex_op, graph, 1).get_if<Scale>()->by, 3);
  EXPECT_EQ(get(vertex_type, graph, halves), (Type{f32, {2}}));
  EXPECT_THROWS(get(boost::vertex_name, graph, 9), GraphError,
                "there is no node 9: the graph has 3");
}

TEST(Bgl, EdgesHaveProperties) {
  Graph graph;
  const Value x = graph.input("x", {f32, {3}}), y = fill(x, halve(x)[1]);
  const GraphEdge edge = *std::next(in_edges(y.node_id(), graph).first);
  EXPECT_EQ(get(boost::edge_index, graph, edge), 2U);
  EXPECT_EQ(get(edge_port, graph, edge), 1U);
  EXPECT_EQ(get(edge_operand, graph, edge), 1U);
  EXPECT_EQ(get(edge_type, graph, edge), (Type{f32, {2}}));
  EXPECT_TRUE(get(edge_type_only, graph, edge));
  EXPECT_FALSE(get(edge_type_only, graph, *in_edges(y.node_id(), graph).first));
}

TEST(Bgl, AlgorithmsAndAdaptorsAcceptProperties) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  fill(scale(x, 0.5), x);
  std::ostringstream text;
  boost::write_graphviz(text, graph, boost::make_label_writer(get(boost::vertex_name, graph)));
  EXPECT_EQ(text.str(),
            "digraph G {\n0[label=x];\n1[label=scale];\n2[label=fill];\n"
            "0->1 ;\n1->2 ;\n0->2 ;\n}\n");
  const auto is_read = [&](const GraphEdge& edge) { return !get(edge_type_only, graph, edge); };
  const boost::filtered_graph<Graph, std::function<bool(const GraphEdge&)>> read(graph, is_read);
  EXPECT_EQ(out_degree(0, read), 1U);
  const auto reversed = boost::make_reverse_graph(graph);
  EXPECT_EQ(get(get(boost::vertex_name, reversed), 1), "scale");
}

}  // namespace
