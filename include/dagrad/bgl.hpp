#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <cstdint>

#include "dagrad/graph.hpp"

namespace dagrad {

/// What an edge carries: from which result of its source to which operand of its target, and
/// whether only the type is used.
struct EdgePorts {
  std::uint32_t output = 0;
  std::uint32_t operand : 31 = 0;
  bool type_only : 1 = false;
};

/// vecS for edges, since setS would keep one of the two edges of `x * x`.
using BoostGraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS,
                                         boost::no_property, EdgePorts>;

/// The Boost graph that a dagrad graph is: vertices are node ids, edges run from producer to user.
/// Any algorithm of Boost.Graph runs on it. Valid until the graph is changed.
const BoostGraph& boost_graph(const Graph& graph);

}  // namespace dagrad
