#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/graph.hpp"

/// What a picture of a graph shows, and how it looks. The same options apply to every format.
namespace dagrad {

/// How much of a graph is drawn.
enum class Detail : std::uint8_t {
  ops,        ///< every node by itself
  equations,  ///< nodes with a single user are joined with it; together they show a formula
  blocks,     ///< scopes are closed: each is one block with its inputs, outputs and parameters
};

/// The level of detail of some scopes.
struct ScopeDetail {
  /// The full name of a scope, in which '*' stands for any characters without '/', and '**' for
  /// any characters: "block*/attention". Scopes within it are meant as well.
  std::string scope;
  Detail detail;
};

/// How constants are drawn.
enum class Constants : std::uint8_t {
  written,  ///< numbers are written in the nodes that use them, other constants drawn for each use
  per_use,  ///< drawn for each use
  shared,   ///< drawn once, as the graph has them
};

/// What is shown of the types of results.
enum class ShownTypes : std::uint8_t {
  none,
  shapes,  ///< "4×3", with the dtype only if it is not that of most values
  full,    ///< "float64[4,3]"
};

/// What a picture shows about a node besides the graph itself, such as a measurement.
struct PictureMark {
  std::string fill = {};  ///< colour such as "#f3c1b8"; empty: that of its kind
  std::string note = {};  ///< a line below the node's type
};

/// A scale of colours for the marks of a picture, shown in its legend.
struct PictureScale {
  std::string title = {};               ///< what is measured, with its unit
  std::vector<PictureMark> steps = {};  ///< colours in order, each with its value as note
};

/// How the numbers of an overlay are coloured.
enum class OverlayScale : std::uint8_t {
  linear,       ///< from 0 to the largest
  logarithmic,  ///< from the smallest to the largest, which is for positive numbers
  classes,      ///< whole numbers from 0, each with a name of its own
};

/// A measurement or a verdict that colours a picture and is written in its nodes. What it says of
/// nodes that are drawn as one, such as those of an equation or of a closed scope, is combined.
struct Overlay {
  std::string title = {};                      ///< what is measured, for the legend
  std::string unit = {};                       ///< such as "s" or "B"; empty for plain numbers
  std::map<std::string, double> amounts = {};  ///< by the full name of a node
  /// A text to write instead of the amount, by the name of a node. It is shown where the node is
  /// drawn by itself, or is the only one of those drawn together that has an amount.
  std::map<std::string, std::string> notes = {};
  bool summed = true;  ///< whether amounts that are drawn as one are added; else the largest counts
  OverlayScale scale = OverlayScale::linear;
  std::vector<std::string> classes = {};  ///< names of the classes 0, 1, …
};

/// Nodes that a picture draws in a box of their own.
struct PictureGroup {
  std::string title;
  std::vector<std::string> nodes;  ///< full names; those that are not in the graph are ignored
};

/// Colours of a kind of node or of a part.
struct Paint {
  std::string fill, line, text;
};

/// How a picture looks. Kinds of nodes differ in shape, and parts of the computation in colour.
/// Colours are '#' and six hexadecimal digits.
struct Theme {
  std::string background, text;
  std::string faint;  ///< types, attributes, and edges from one part to another
  std::string edge;
  Paint input, parameter, constant, forward, gradient, after, update;
  std::string fetch;  ///< border of results
  /// Colours of an overlay, from small amounts to large ones; others are between them.
  std::vector<std::string> scale;
  /// Whether parts differ in the style of their lines too: solid, dashed, dotted.
  bool line_styles = false;
  std::string font = "Helvetica,Arial,sans-serif";
  double title_size = 12, text_size = 10, small_size = 8;  ///< in points

  static Theme light();
  static Theme dark();
  static Theme print();  ///< black and white
};

struct PictureOptions {
  std::string title = {};
  /// Values to mark as results. With `only_needed`, only these, the next values of `updates`, and
  /// what they need are drawn.
  std::vector<Value> fetches = {};
  /// Drawn as edges from the next value to its parameter. Nodes that only they need are drawn in a
  /// cluster of their own.
  std::vector<Update> updates = {};
  bool only_needed = false;

  Detail detail = Detail::ops;
  std::vector<ScopeDetail> scopes = {};  ///< exceptions from `detail`; the last that fits decides
  /// Closes scopes nested deeper than this many levels; 0 closes all scopes. The default is 100 or,
  /// for blocks, 0.
  std::optional<std::size_t> open_scopes = {};
  /// Opens as many scopes as fit into a picture of that many nodes, outer scopes first. Takes the
  /// place of `open_scopes`.
  std::optional<std::size_t> most_nodes = {};
  /// Draws scopes that differ only in their parameters once, with their number.
  bool join_repeats = false;
  /// Names of nodes or scopes, with '*' as in `ScopeDetail`, that are left out together with what
  /// only they need.
  std::vector<std::string> left_out = {};
  /// Boxes, each within the innermost scope around its nodes, which count as scopes with these
  /// titles. A node is in the first group that names it.
  std::vector<PictureGroup> groups = {};
  /// Whether what only serves shapes is kept out of sight: values that depend only on the type of
  /// another one are written in their users, changes of shape such as `broadcast_like` are part of
  /// an edge, and edges along which only the type is used are not drawn.
  bool fold_shapes = true;
  Constants constants = Constants::written;

  ShownTypes types = ShownTypes::shapes;
  bool attributes = true;  ///< whether nodes show those that differ from their defaults
  bool left_to_right = false;
  bool legend = true;
  /// Whether to connect each gradient node with its forward node.
  bool ties = true;
  /// Marks by the name of a node, or of a scope that is drawn as one node. Names that are not drawn
  /// are ignored.
  std::map<std::string, PictureMark> marks = {};
  PictureScale scale = {};
  /// Colours the nodes that have no mark, and adds its scale to the legend. Nodes of which it says
  /// nothing are not filled.
  std::optional<Overlay> overlay = {};
  Theme theme = Theme::light();
  /// The space that there is, in millimetres. A larger picture is scaled down with its text.
  std::optional<double> width = {}, height = {};
  /// Whether pointing at a node shows its op, attributes, types, formula and source line. The
  /// default is yes in SVG files that dagrad writes and no in Graphviz's language.
  std::optional<bool> tooltips = {};
  /// The address to which a node leads in SVG and in HTML, in which {file}, {line}, {name} and {op}
  /// stand for those of the node: "https://example.org/model/{file}#L{line}". Nodes that lack one
  /// of them, such as the line, lead nowhere.
  std::string link = {};
};

}  // namespace dagrad
