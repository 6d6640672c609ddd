#pragma once

#include <boost/graph/adjacency_iterator.hpp>
#include <boost/graph/graph_traits.hpp>
#include <boost/graph/properties.hpp>
#include <boost/iterator/counting_iterator.hpp>
#include <boost/iterator/iterator_facade.hpp>
#include <boost/iterator/transform_iterator.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "dagrad/detail/edges.hpp"
#include "dagrad/graph.hpp"

/// Makes `dagrad::Graph` a model of Boost.Graph's concepts, so that its algorithms run on the graph
/// itself without a copy. A vertex is the id of a node. Edges run from the node that computes a
/// value to the nodes that use it, one for each operand, so `x * x` has two.
///
///     std::vector<std::size_t> order;
///     boost::topological_sort(graph, std::back_inserter(order));  // users first
///     boost::write_graphviz(out, graph, boost::make_label_writer(get(boost::vertex_name, graph)));
///
/// It models VertexListGraph, EdgeListGraph, BidirectionalGraph and AdjacencyGraph. Edges into a
/// node come in the order of its operands, edges out of it from the newest to the oldest.
/// Descriptors and iterators stay valid while the graph grows; iterators do not visit what is added
/// later.
///
/// `get(property, graph)` and `get(property, graph, vertex_or_edge)` read properties:
/// boost::vertex_index, boost::vertex_name, vertex_kind, vertex_op and vertex_type of vertices;
/// boost::edge_index, edge_port, edge_operand, edge_type and edge_type_only of edges.
namespace dagrad {

/// An edge of a graph, as used by Boost.Graph's algorithms.
struct GraphEdge {
  std::uint32_t index = detail::Edges::none;  ///< counts up from 0 as edges are made
  std::uint32_t source = 0, target = 0;       ///< node ids
  friend bool operator==(const GraphEdge& a, const GraphEdge& b) { return a.index == b.index; }
  friend auto operator<=>(const GraphEdge& a, const GraphEdge& b) { return a.index <=> b.index; }
};

namespace detail {

struct GraphEdgeOf {
  const Edges* edges = nullptr;
  GraphEdge operator()(std::uint32_t index) const {
    return {index, (*edges)[index].node, edges->user(index)};
  }
};
/// Iterates over edges with successive indices: all edges of a graph, or those into a node.
using EdgeIterator =
    boost::transform_iterator<GraphEdgeOf, boost::counting_iterator<std::uint32_t>>;

/// Iterates over the edges out of a node.
class OutEdgeIterator : public boost::iterator_facade<OutEdgeIterator, GraphEdge,
                                                      boost::forward_traversal_tag, GraphEdge> {
 public:
  OutEdgeIterator() = default;  ///< the end
  OutEdgeIterator(const Edges& edges, std::uint32_t index) : edges_{&edges}, index_(index) {}

 private:
  friend class boost::iterator_core_access;
  GraphEdge dereference() const { return edges_(index_); }
  bool equal(const OutEdgeIterator& other) const { return index_ == other.index_; }
  void increment() { index_ = edges_.edges->previous_use(index_); }

  GraphEdgeOf edges_;
  std::uint32_t index_ = Edges::none;
};

}  // namespace detail

}  // namespace dagrad

template <>
struct std::hash<dagrad::GraphEdge> {
  std::size_t operator()(const dagrad::GraphEdge& edge) const noexcept { return edge.index; }
};

template <>
struct boost::graph_traits<dagrad::Graph> {
  using vertex_descriptor = std::size_t;
  using edge_descriptor = dagrad::GraphEdge;
  using directed_category = bidirectional_tag;
  using edge_parallel_category = allow_parallel_edge_tag;
  struct traversal_category : virtual bidirectional_graph_tag,
                              virtual adjacency_graph_tag,
                              virtual vertex_list_graph_tag,
                              virtual edge_list_graph_tag {};
  using vertices_size_type = std::size_t;
  using edges_size_type = std::size_t;
  using degree_size_type = std::size_t;
  using vertex_iterator = counting_iterator<std::size_t>;
  using edge_iterator = dagrad::detail::EdgeIterator;
  using in_edge_iterator = dagrad::detail::EdgeIterator;
  using out_edge_iterator = dagrad::detail::OutEdgeIterator;
  using adjacency_iterator =
      boost::adjacency_iterator<dagrad::Graph, std::size_t, out_edge_iterator, std::ptrdiff_t>;
  static vertex_descriptor null_vertex() { return static_cast<vertex_descriptor>(-1); }
};

namespace dagrad {

// ---- functions that the concepts require

namespace detail {

using GraphTraits = boost::graph_traits<Graph>;
template <class Iterator>
using Range = std::pair<Iterator, Iterator>;

inline Range<EdgeIterator> edges_between(const Edges& edges, std::uint32_t first,
                                         std::uint32_t end) {
  using Index = boost::counting_iterator<std::uint32_t>;
  return {{Index(first), {&edges}}, {Index(end), {&edges}}};
}

}  // namespace detail

inline std::size_t num_vertices(const Graph& graph) { return detail::edges_of(graph).nodes(); }
inline std::size_t num_edges(const Graph& graph) { return detail::edges_of(graph).size(); }
inline std::size_t vertex(std::size_t n, const Graph&) { return n; }
inline std::size_t source(const GraphEdge& edge, const Graph&) { return edge.source; }
inline std::size_t target(const GraphEdge& edge, const Graph&) { return edge.target; }

inline detail::Range<detail::GraphTraits::vertex_iterator> vertices(const Graph& graph) {
  using Iterator = detail::GraphTraits::vertex_iterator;
  return {Iterator(0), Iterator(num_vertices(graph))};
}
inline detail::Range<detail::EdgeIterator> edges(const Graph& graph) {
  const detail::Edges& all = detail::edges_of(graph);
  return detail::edges_between(all, 0, all.size());
}
inline detail::Range<detail::EdgeIterator> in_edges(std::size_t node, const Graph& graph) {
  const detail::Edges& all = detail::edges_of(graph);
  return detail::edges_between(all, all.first_operand(node), all.first_operand(node + 1));
}
inline detail::Range<detail::OutEdgeIterator> out_edges(std::size_t node, const Graph& graph) {
  const detail::Edges& all = detail::edges_of(graph);
  return {{all, all.last_use(node)}, {}};
}
inline detail::Range<detail::GraphTraits::adjacency_iterator> adjacent_vertices(
    std::size_t node, const Graph& graph) {
  const auto [first, end] = out_edges(node, graph);
  return {{first, &graph}, {end, &graph}};
}
inline std::size_t in_degree(std::size_t node, const Graph& graph) {
  return detail::edges_of(graph).operands(node).size();
}
inline std::size_t out_degree(std::size_t node, const Graph& graph) {
  const auto [first, end] = out_edges(node, graph);
  return static_cast<std::size_t>(std::distance(first, end));
}
inline std::size_t degree(std::size_t node, const Graph& graph) {
  return in_degree(node, graph) + out_degree(node, graph);
}

// ---- properties

namespace detail {

inline Node node_of(const Graph& graph, std::size_t node) {
  return graph.node(static_cast<std::uint32_t>(node));
}
inline std::size_t read_vertex_index(const Graph&, std::size_t node) { return node; }
inline std::string read_name(const Graph& graph, std::size_t node) {
  return node_of(graph, node).name();
}
inline NodeKind read_kind(const Graph& graph, std::size_t node) {
  return node_of(graph, node).kind();
}
inline const Op& read_op(const Graph& graph, std::size_t node) { return node_of(graph, node).op(); }
inline Type read_type(const Graph& graph, std::size_t node) {
  return node_of(graph, node).output().type();
}
inline std::size_t read_edge_index(const Graph&, const GraphEdge& edge) { return edge.index; }
inline std::uint32_t read_port(const Graph& graph, const GraphEdge& edge) {
  return edges_of(graph)[edge.index].port;
}
inline std::uint32_t read_operand(const Graph& graph, const GraphEdge& edge) {
  return edge.index - edges_of(graph).first_operand(edge.target);
}
inline Type read_edge_type(const Graph& graph, const GraphEdge& edge) {
  return node_of(graph, edge.source).output(read_port(graph, edge)).type();
}
inline bool read_type_only(const Graph& graph, const GraphEdge& edge) {
  return edges_of(graph)[edge.index].type_only;
}

/// A property of the vertices or edges of a graph, read by a function.
template <class Value, class Key, Value (*read)(const Graph&, Key)>
struct GraphProperty {
  using key_type = std::remove_cvref_t<Key>;
  using kind = std::conditional_t<std::is_same_v<key_type, GraphEdge>, boost::edge_property_tag,
                                  boost::vertex_property_tag>;

  class Map : public boost::put_get_helper<Value, Map> {
   public:
    using key_type = GraphProperty::key_type;
    using value_type = std::remove_cvref_t<Value>;
    using reference = Value;
    using category = boost::readable_property_map_tag;
    Map() = default;
    explicit Map(const Graph& graph) : graph_(&graph) {}
    Value operator[](Key key) const { return read(*graph_, key); }

   private:
    const Graph* graph_ = nullptr;
  };
};

template <class Tag>
struct GraphPropertyOf {};
template <class Tag>
requires requires { typename Tag::Map; }
struct GraphPropertyOf<Tag> {
  using Map = typename Tag::Map;
};
template <>
struct GraphPropertyOf<boost::vertex_index_t>
    : GraphProperty<std::size_t, std::size_t, read_vertex_index> {};
template <>
struct GraphPropertyOf<boost::vertex_name_t> : GraphProperty<std::string, std::size_t, read_name> {
};
template <>
struct GraphPropertyOf<boost::edge_index_t>
    : GraphProperty<std::size_t, const GraphEdge&, read_edge_index> {};
template <class Tag>
using GraphPropertyMap = typename GraphPropertyOf<Tag>::Map;

}  // namespace detail

/// Whether the node is an input, a parameter, a constant or an op.
inline constexpr detail::GraphProperty<NodeKind, std::size_t, detail::read_kind> vertex_kind;
inline constexpr detail::GraphProperty<const Op&, std::size_t, detail::read_op> vertex_op;
/// The type of the node's first result. Throws GraphError if the node has no results.
inline constexpr detail::GraphProperty<Type, std::size_t, detail::read_type> vertex_type;
/// The position of the edge's value among the results of its source.
inline constexpr detail::GraphProperty<std::uint32_t, const GraphEdge&, detail::read_port>
    edge_port;
/// The position of the edge's value among the operands of its target.
inline constexpr detail::GraphProperty<std::uint32_t, const GraphEdge&, detail::read_operand>
    edge_operand;
/// The type of the edge's value.
inline constexpr detail::GraphProperty<Type, const GraphEdge&, detail::read_edge_type> edge_type;
/// Whether its target uses only the type of the value.
inline constexpr detail::GraphProperty<bool, const GraphEdge&, detail::read_type_only>
    edge_type_only;

template <class Tag>
detail::GraphPropertyMap<Tag> get(Tag, const Graph& graph) {
  return detail::GraphPropertyMap<Tag>(graph);
}
template <class Tag>
typename detail::GraphPropertyMap<Tag>::reference get(
    Tag, const Graph& graph, const typename detail::GraphPropertyMap<Tag>::key_type& key) {
  return detail::GraphPropertyMap<Tag>(graph)[key];
}

}  // namespace dagrad

namespace boost {

using dagrad::get;  // for algorithms that call `boost::get`, which suppresses argument-dependent
                    // lookup

template <class Tag>
requires requires { typename dagrad::detail::GraphPropertyMap<Tag>; }
struct property_map<dagrad::Graph, Tag> {
  using type = dagrad::detail::GraphPropertyMap<Tag>;
  using const_type = type;
};

}  // namespace boost
