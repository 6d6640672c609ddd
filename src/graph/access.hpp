#pragma once

#include <string_view>
#include <utility>

#include "dagrad/graph.hpp"

namespace dagrad::detail {

/// Gives the library's sources access to what handles hold. Functions that return the graph's data
/// throw GraphError if the graph is gone.
struct Access {
  static GraphData& data(const Value& value) { return value.data(); }
  static GraphData& data(const Graph& graph) { return graph.data(); }
  static const ControlPtr& control(const Value& value) { return value.control_; }
  static ControlPtr& control(Graph& graph) { return graph.control_; }
  static Value value(ControlPtr control, std::uint32_t node, std::uint32_t port) {
    return {std::move(control), node, port};
  }
  static Node node(ControlPtr control, std::uint32_t id) { return {std::move(control), id}; }
};

/// Throws GraphError, with the name of what the user called, unless the value belongs to the graph
/// of the first one.
void require_same_graph(std::string_view called, const Value& first, const Value& value);

}  // namespace dagrad::detail
