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
  /// Values to mark as results. With `only_needed`, only these and what they need are drawn.
  std::vector<Value> fetches = {};
  bool only_needed = false;
  /// Draws scopes nested deeper than this many levels as single nodes; 0 does so for all scopes.
  /// The default is 100, since Graphviz cannot read much deeper nesting.
  std::optional<std::size_t> open_scopes = {};
  bool left_to_right = false;
  bool legend = true;
  /// Whether to connect each gradient node with its forward node.
  bool ties = true;
};

/// Returns the graph in Graphviz's language. Forward and backward nodes form separate clusters,
/// with scopes nested in them; shapes and colours distinguish leaves, results and gradients. Nodes
/// show their type, name and attributes; a scope drawn as one node shows how many nodes it has.
/// Equal graphs give equal bytes. In labels, characters that Graphviz does not accept are replaced
/// by visible ones, and long texts are cut in the middle. Throws GraphError if a fetch belongs to
/// another graph.
std::string to_dot(const Graph& graph, const DotOptions& options = {});
/// Writes the same to a file. Throws FileError if that fails.
void write_dot(const std::filesystem::path& file, const Graph& graph,
               const DotOptions& options = {});
/// Draws the graph with Graphviz's program `dot`, in the format given by the file's extension (svg,
/// png, pdf, …). Throws FileError if `dot` is missing (naming its package) or fails (with its
/// message), ArgumentError if there is no extension.
void draw(const std::filesystem::path& file, const Graph& graph, const DotOptions& options = {});
/// Draws the graph as SVG, whatever the extension.
void write_svg(const std::filesystem::path& file, const Graph& graph,
               const DotOptions& options = {});

}  // namespace dagrad
