#pragma once

#include <filesystem>
#include <string>

#include "dagrad/picture.hpp"

namespace dagrad {

/// Returns the graph in Graphviz's language, with the forward computation, each order of the
/// gradient, and the updates in clusters of their own, and scopes nested in them. Equal graphs and
/// options give equal bytes. In labels, characters that Graphviz does not accept are replaced by
/// visible ones, and long texts are cut in the middle. Throws GraphError if a value in the options
/// belongs to another graph, ArgumentError if a colour is not '#' and six hexadecimal digits.
std::string to_dot(const Graph& graph, const PictureOptions& options = {});
/// Writes the same to a file. Throws FileError if that fails, which leaves an existing file as it
/// was.
void write_dot(const std::filesystem::path& file, const Graph& graph,
               const PictureOptions& options = {});
/// Draws the graph with Graphviz's program `dot`, in the format given by the file's extension (svg,
/// png, pdf, …). Throws FileError if `dot` is missing (naming its package) or fails (with its
/// message), which leaves an existing file as it was; ArgumentError if there is no extension.
void draw(const std::filesystem::path& file, const Graph& graph,
          const PictureOptions& options = {});
/// Draws the graph as SVG, whatever the extension.
void write_svg(const std::filesystem::path& file, const Graph& graph,
               const PictureOptions& options = {});

}  // namespace dagrad
