#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "dagrad/notation.hpp"
#include "src/graph/view.hpp"
#include "src/pictures/picture.hpp"

namespace dagrad::detail {

/// The equations of a graph in both notations; see `Equations`.
struct WrittenEquations {
  /// By node: the node in whose equation it is written, itself or a later one.
  std::vector<std::uint32_t> root;
  /// By node: the symbol of result 0; for a constant its number, if it is written as one. Empty for
  /// nodes that are written in others.
  std::vector<Notation> symbol;
  /// By node: what it computes; empty for leaves.
  std::vector<Notation> formula;
  /// The next value of a parameter, and the parameter.
  std::map<std::uint32_t, std::uint32_t> next_of;

  /// "z = x·w + b" for a node with a formula, or "w ← w − 0.1 · ∂L/∂w" for the next value of a
  /// parameter; the symbol alone if it is a number or another value.
  std::string equation(std::uint32_t node) const;
  /// Result `port` of a node.
  Notation result(std::uint32_t node, std::uint32_t port) const;
};

/// Joins nodes that have a single user with that user, if both are in the same region, unless the
/// formula would be too long to read or would say the same twice. Values keep a symbol of their own
/// if users have named them, or if they are derivatives with respect to values that have one.
WrittenEquations write_equations(const Graph& graph, const EquationBounds& bounds);
/// The same with every node in an equation of its own.
WrittenEquations write_each_node(const Graph& graph);

/// The values that an equation reads, in the order of its operands, without repetition.
std::vector<Edge> operands_of(const GraphView& graph, const WrittenEquations& equations,
                              std::span<const std::uint32_t> members);

}  // namespace dagrad::detail
