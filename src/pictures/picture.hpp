#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dagrad/picture.hpp"

/// A picture of a graph before it has a format: what is drawn, without colours and places. It is a
/// quotient of the graph: each node of the graph is drawn as part of one drawn node, is folded into
/// edges (changes of shape), is written in its users (numbers), or is left out.
namespace dagrad::detail {

inline constexpr std::uint32_t nothing = 0xffffffff;

/// The part of a computation that a node belongs to.
enum class Part : std::uint8_t {
  forward,
  gradient,  ///< of some order
  after,     ///< computed from gradients, but neither part of a gradient nor of an update
  update,    ///< needed by updates only
};

enum class DrawnKind : std::uint8_t {
  input,
  parameter,
  constant,  ///< one use of a constant that is not written in its user
  op,
  equation,  ///< several nodes, joined with the one that uses them
  block,     ///< a closed scope, or a closed part
};

/// Where edges enter or leave a drawn node.
struct DrawnPort {
  /// "base", "left"; empty if the order of operands does not matter
  std::string label = {};
  std::string type = {};    ///< of the value, as chosen in the options
  std::string number = {};  ///< of an operand that is written in the node instead of drawn
  /// Of a block: whether the value comes from or goes to other parts only.
  bool across = false;
};

struct DrawnNode {
  DrawnKind kind = DrawnKind::op;
  Part part = Part::forward;
  int order = 0;                     ///< of the gradient; 0 outside of gradients
  std::uint32_t cluster = nothing;   ///< the innermost one around it
  std::vector<std::uint32_t> nodes;  ///< of the graph, ascending
  /// The node of the graph after which it is named: the last one of an equation, the first one of a
  /// block.
  std::uint32_t node = nothing;
  std::string name;                 ///< full name of that node, or of the scope
  std::string title;                ///< short name, op, number, or formula
  std::string op;                   ///< empty for equations and blocks
  std::string attributes;           ///< those that differ from their defaults, "axis=1, keep"
  std::string types;                ///< of the results
  std::string derivative;           ///< "∂loss/∂w" if the user asked for this gradient
  std::string place;                ///< source line, "model.cpp:41"
  std::string link;                 ///< the address to which it leads
  std::uint32_t forward = nothing;  ///< drawn node that this one helps to differentiate
  std::uint32_t repeats = 1;        ///< how many equal scopes a block stands for
  std::uint64_t parameters = 0;     ///< elements of the parameters in a block, of one repeat
  std::uint32_t updates = 0;        ///< how many parameters it sets
  std::vector<DrawnPort> in;        ///< operands in order, or values that enter the block
  std::vector<DrawnPort> out;       ///< results in order, or values that leave the block
  bool fetched = false;
  std::string fill, note;  ///< of its mark, or from the overlay
};

enum class EdgeKind : std::uint8_t {
  data,
  type_only,  ///< only the type of the value is used
  next,       ///< data that goes from one repeat of a scope to the next one
  tie,        ///< from a forward node to the gradient node that helps to differentiate it
  update,     ///< from the next value of a parameter to where the parameter is drawn
};

struct DrawnEdge {
  EdgeKind kind = EdgeKind::data;
  std::uint32_t from = nothing, to = nothing;  ///< drawn nodes
  std::uint32_t from_port = 0, to_port = 0;    ///< in `out` and `in`
  std::string label = {};                      ///< "Σ" of folded nodes that sum
  std::vector<std::uint32_t> folded = {};      ///< nodes of the graph along the edge
};

/// A part, or an open scope within one.
struct DrawnCluster {
  std::string name;  ///< full name of the scope; empty for a part
  std::string title;
  Part part = Part::forward;
  int order = 0;
  std::uint32_t parent = nothing;  ///< precedes it; `nothing` for a part
  std::uint32_t repeats = 1;
  std::uint64_t parameters = 0;  ///< elements of the parameters within, of one repeat
};

/// What a legend explains: only what occurs in the picture.
enum class LegendEntry : std::uint8_t {
  input,
  parameter,
  constant,
  forward,
  gradient,
  after,
  update,
  block,
  fetch,
  type_only,
  next,
  tie,
  update_edge,
};

struct Picture {
  std::string title;
  std::string dtype;             ///< of most values, if types do not show it; else empty
  std::vector<DrawnNode> nodes;  ///< operands before users, except between closed blocks
  std::vector<DrawnEdge> edges;
  std::vector<DrawnCluster> clusters;  ///< outer ones before inner ones
  std::vector<LegendEntry> legend;
  PictureScale scale;  ///< of marks, or of the overlay
};

/// Decides what is drawn. Throws GraphError if a value in the options belongs to another graph,
/// ArgumentError if a colour or a pattern is malformed.
Picture picture_of(const Graph& graph, const PictureOptions& options);

/// What equations may be made of.
struct EquationBounds {
  /// By node: only nodes of the same region may be joined (the same scope of the same part).
  /// `nothing` for nodes that are not drawn.
  std::vector<std::uint32_t> region;
  /// By node: whether it must stay the last of an equation, because it is a fetch, a gradient that
  /// the user asked for, the next value of a parameter, or marked.
  std::vector<bool> kept;
  /// By node: whether it is not drawn, but written by each of its users: a constant, a value of
  /// which only the type of another one decides, or a change of shape.
  std::vector<bool> folded;
  /// By node: "∂loss/∂w" for the gradients that the user asked for, else empty.
  std::vector<std::string> derivative;
  /// The nodes that are next values of parameters, and these.
  std::map<std::uint32_t, std::uint32_t> next_of;
};

/// The nodes of a graph joined into equations, and their texts.
struct Equations {
  /// By node: the node in whose equation it is written, which is itself or a later one of the same
  /// region.
  std::vector<std::uint32_t> root;
  /// By node: the text of the equation of which it is the last node, such as "z = x·w + b". Empty
  /// for other nodes, and for those that are shown by their op.
  std::vector<std::string> text;
  /// By node: what equations call its first result; empty for nodes that are written in others.
  std::vector<std::string> symbol;
};
Equations equations_of(const Graph& graph, const EquationBounds& bounds);

}  // namespace dagrad::detail
