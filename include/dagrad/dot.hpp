#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dagrad/graph.hpp"

namespace dagrad {

struct DotOptions {
  std::string title = {};
  /// Marked as results, and with `only_needed` the values whose nodes are drawn with what they
  /// need.
  std::vector<Value> fetches = {};
  bool only_needed = false;
  /// Scopes inside of so many others are closed, drawn as one node each: where it is 0, all that
  /// are in no other. Without it those inside of 100 are: Graphviz cannot read much deeper ones.
  std::optional<std::size_t> open_scopes = {};
  bool left_to_right = false;
  bool legend = true;
  /// Tie each gradient node to its forward node.
  bool ties = true;
};

/// The graph in Graphviz's language: forward and backward nodes in clusters of their own, scopes
/// nested in them; leaves, results and gradients told apart by form and colour; type, name and
/// attributes on each node, the number of its nodes on a closed scope. The same graph gives the
/// same bytes. In labels a line break stands for itself, a character that Graphviz does not take is
/// replaced by a visible one, and a long text is cut in its middle. Throws GraphError for fetches
/// of another graph.
std::string to_dot(const Graph& graph, const DotOptions& options = {});
/// Throws FileError where the file cannot be written.
void write_dot(const std::filesystem::path& file, const Graph& graph,
               const DotOptions& options = {});
/// Draws it by Graphviz's program `dot`, in the format of the file's ending (svg, png, pdf, …).
/// Throws FileError where `dot` is missing, naming its package, or fails, with what it said.
void draw(const std::filesystem::path& file, const Graph& graph, const DotOptions& options = {});
/// The same, as SVG whatever the ending.
void write_svg(const std::filesystem::path& file, const Graph& graph,
               const DotOptions& options = {});

}  // namespace dagrad
