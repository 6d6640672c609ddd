#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/graph.hpp"

namespace dagrad {

enum class MathematicsFormat : std::uint8_t {
  text,      ///< Unicode, in columns
  markdown,  ///< tables with formulas in `$…$`, as GitHub and most viewers show them
  latex      ///< for the body of a document that uses amsmath and amssymb
};

struct MathematicsOptions {
  std::string title = {};
  /// Values to list, together with what they need; with none, all values that no node uses.
  std::vector<Value> fetches = {};
  std::vector<Update> updates = {};  ///< listed as w ← w − 0.1 · ∂L/∂w
  /// Whether to list the graph as `optimize` leaves it.
  bool simplify = true;
  /// Whether to give, beside each equation of a gradient, the rules of the ops that it comes from.
  bool rules = true;
  MathematicsFormat format = MathematicsFormat::markdown;
};

/// Lists what a graph computes as equations: the values, the forward computation, the gradient of
/// each order, and the updates. Beside each equation are the node that computes it and the source
/// line that made the node. Nodes with a single user are written in the equation of that user, so a
/// line is about as long as a line in a textbook. The rule of a gradient is written for an op y of
/// operands a, b, … (or x), where δ is ∂L/∂y. Equal graphs give equal bytes. Throws GraphError if a
/// value in the options belongs to another graph.
std::string mathematics(const Graph& graph, const MathematicsOptions& options = {});
/// Writes the same to a file. Throws FileError if that fails.
void write_mathematics(const std::filesystem::path& file, const Graph& graph,
                       const MathematicsOptions& options = {});

}  // namespace dagrad
