#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dagrad/graph.hpp"

namespace dagrad {

/// What a picture shows about a node besides the graph itself, such as a measurement.
struct DotMark {
  std::string fill = {};  ///< colour such as "#f3c1b8"; empty: that of its kind
  std::string note = {};  ///< a line below the node's type
};

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
  /// Marks by the name of a node, or of a scope that is drawn as one node. Names that are not drawn
  /// are ignored.
  std::map<std::string, DotMark> marks = {};
};

/// Returns the graph in Graphviz's language. Forward and backward nodes form separate clusters,
/// with scopes nested in them; shapes and colours distinguish leaves, results and gradients. Nodes
/// show their type, name and attributes; a scope drawn as one node shows how many nodes it has.
/// Equal graphs give equal bytes. In labels, characters that Graphviz does not accept are replaced
/// by visible ones, and long texts are cut in the middle. Throws GraphError if a fetch belongs to
/// another graph, ArgumentError if the fill of a mark is not '#' and six hexadecimal digits.
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
