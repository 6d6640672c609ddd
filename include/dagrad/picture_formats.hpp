#pragma once

#include <filesystem>
#include <string>

#include "dagrad/picture.hpp"

/// Pictures in formats other than Graphviz's. Equal graphs and options give equal bytes. All
/// functions throw GraphError if a value in the options belongs to another graph, ArgumentError if
/// a colour is not '#' and six hexadecimal digits, and those that write a file FileError, which
/// leaves an existing file as it was.
namespace dagrad {

/// What `to_dot` draws, as JSON for other tools: an object with `nodes`, `edges`, `clusters`,
/// `legend`, `title` and the `version` of this form, 1. Nodes, edges and clusters refer to each
/// other by their positions in these arrays. A node lists the nodes of the graph that it stands
/// for, with their formulas as text and as LaTeX unless its title is their formula.
std::string to_json(const Graph& graph, const PictureOptions& options = {});
void write_json(const std::filesystem::path& file, const Graph& graph,
                const PictureOptions& options = {});

/// The picture for Model Explorer (https://github.com/google-ai-edge/model-explorer), which opens
/// such files with the extension .json: parts and scopes are its layers, which it opens and closes.
/// Edges that lead back, such as those of updates, are attributes there.
std::string to_model_explorer(const Graph& graph, const PictureOptions& options = {});
void write_model_explorer(const std::filesystem::path& file, const Graph& graph,
                          const PictureOptions& options = {});

/// The picture in the language of Mermaid, which GitHub and other viewers draw inside of Markdown,
/// in a block of code called `mermaid`. By default these refuse pictures of more than 500 edges.
std::string to_mermaid(const Graph& graph, const PictureOptions& options = {});
void write_mermaid(const std::filesystem::path& file, const Graph& graph,
                   const PictureOptions& options = {});

/// One HTML page that shows the picture and needs nothing else, neither Graphviz nor a network. In
/// the page, scopes are opened and closed, nodes are searched by name, op and formula, and a click
/// shows what a node is, which values it reads and which nodes use it, and the node that it helps
/// to differentiate. Everything can be done with the keyboard (the page lists the keys) and with
/// fingers. Scopes that `open_scopes` or `most_nodes` would close, and those of `Detail::blocks`,
/// are closed at first; if the options do not say, as many are open as make about 60 nodes.
std::string to_html(const Graph& graph, const PictureOptions& options = {});
void write_html(const std::filesystem::path& file, const Graph& graph,
                const PictureOptions& options = {});

}  // namespace dagrad
