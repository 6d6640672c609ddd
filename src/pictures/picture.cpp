#include "src/pictures/picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "src/graph/data.hpp"
#include "src/pictures/colour.hpp"
#include "src/pictures/drawn_nodes.hpp"
#include "src/pictures/legend.hpp"
#include "src/pictures/numbers_table.hpp"
#include "src/pictures/overlay.hpp"
#include "src/pictures/tooltips.hpp"

namespace dagrad::detail {

namespace {

class PictureBuilder {
 public:
  PictureBuilder(const Graph& graph, const PictureOptions& options)
      : data_(Access::data(graph)),
        view_(graph),
        options_(options),
        nodes_(graph, options, made_),
        quotient_(nodes_.quotient()) {}

  Picture run() && {
    made_.title = options_.title;
    made_.edges.reserve(2 * made_.nodes.size());  // about
    for (const bool first : {true, false})
      for (std::uint32_t id = 0; id < view_.size(); ++id)
        if (nodes_.is_node(id) && (quotient_.drawn_as(id) == id) == first) add_operands(id);
    add_updates();
    find_forward();
    if (options_.ties) add_ties();
    add_marks();
    if (!options_.link.empty())
      for (DrawnNode& node : made_.nodes) node.link = link_of(view_, node.node, options_.link);
    made_.scale = options_.scale;
    if (options_.overlay) lay_over(made_, view_, *options_.overlay, options_.theme);
    made_.legend = legend_of(made_);
    return std::move(made_);
  }

 private:
  /// The value that reaches an operand, and the changes of shape on the way.
  struct Source {
    Edge value;
    std::vector<std::uint32_t> folded = {};
    bool summed = false;
  };

  Source source_of(Edge edge) const {
    Source source{edge};
    while (quotient_.role(source.value.node) == Role::passage) {
      const std::uint32_t passage = source.value.node;
      source.folded.push_back(passage);
      source.summed = source.summed || sums(view_, passage);
      source.value = view_.operands(passage)[0];
    }
    std::reverse(source.folded.begin(), source.folded.end());
    return source;
  }

  void add_operands(std::uint32_t id) {
    const auto operands = view_.operands(id);
    for (std::uint32_t i = 0; i < operands.size(); ++i) {
      if (operands[i].type_only && options_.fold_shapes) continue;
      Source source = source_of(operands[i]);
      const Role role = quotient_.role(source.value.node);
      if (role == Role::constant)
        add_constant(id, i, source);
      else if (role == Role::node)
        add_edge(id, i, source);
    }
  }

  void add_edge(std::uint32_t id, std::uint32_t i, Source& source) {
    const std::uint32_t from = nodes_.drawn(source.value.node), to = nodes_.drawn(id);
    const bool next = goes_to_next(source.value.node, id);
    if (from == to && !next) return;
    const EdgeKind kind = source.value.type_only ? EdgeKind::type_only
                          : next                 ? EdgeKind::next
                                                 : EdgeKind::data;
    DrawnEdge edge{.kind = kind,
                   .from = from,
                   .to = to,
                   .from_port = out_port(from, source.value, made_.nodes[to]),
                   .to_port = in_port(to, id, i, source.value),
                   .label = source.summed ? "Σ" : "",
                   .folded = std::move(source.folded)};
    add_once(std::move(edge));
  }

  void add_once(DrawnEdge edge) {
    const std::array key{edge.from, edge.to, edge.from_port, edge.to_port,
                         static_cast<std::uint32_t>(edge.kind)};
    if (edges_.insert(key)) made_.edges.push_back(std::move(edge));
  }

  /// Whether the value is made in another of several equal scopes than the one that uses it.
  bool goes_to_next(std::uint32_t from, std::uint32_t to) const {
    if (quotient_.drawn_as(from) == from && quotient_.drawn_as(to) == to) return false;
    const ScopeTree& tree = quotient_.tree();
    const std::uint32_t outer = tree.common(tree.of(from), tree.of(to));
    const std::uint32_t a = tree.child(outer, tree.of(from)), b = tree.child(outer, tree.of(to));
    const std::uint32_t closed = quotient_.block(from);
    const bool inside = closed != ScopeTree::none && tree[closed].depth < tree[a].depth;
    return a != b && tree[a].drawn_as == tree[b].drawn_as && !inside;
  }

  /// A block or an equation has a port for each value that leaves it.
  std::uint32_t out_port(std::uint32_t from, const Edge& value, const DrawnNode& user) {
    DrawnNode& node = made_.nodes[from];
    if (node.kind != DrawnKind::block && node.kind != DrawnKind::equation) return value.port;
    const std::array key{from, quotient_.drawn_as(value.node), std::uint32_t{value.port}};
    const auto [port, fresh] =
        out_ports_.try_emplace(key, static_cast<std::uint32_t>(node.out.size()));
    const bool across = is_across(value.node, user);
    if (fresh)
      node.out.push_back({.type = nodes_.texts().type(view_.type(value)), .across = across});
    if (!across) node.out[port].across = false;
    return port;
  }

  /// A block or an equation has a port for each value that enters it. In equal scopes, the same
  /// operands belong to the same port.
  std::uint32_t in_port(std::uint32_t to, std::uint32_t id, std::uint32_t i, const Edge& value) {
    DrawnNode& node = made_.nodes[to];
    if (node.kind != DrawnKind::block && node.kind != DrawnKind::equation) return i;
    const std::uint32_t first = quotient_.drawn_as(id);
    if (first != id)
      if (const std::uint32_t* const operand = operand_ports_.find({first, i})) return *operand;
    const std::array key{to, value.node, std::uint32_t{value.port}};
    const auto [port, fresh] =
        in_ports_.try_emplace(key, static_cast<std::uint32_t>(node.in.size()));
    if (fresh)
      node.in.push_back(
          {.type = nodes_.texts().type(view_.type(value)), .across = is_across(value.node, node)});
    if (options_.join_repeats && first == id) operand_ports_.try_emplace({id, i}, port);
    return port;
  }

  /// Whether a value comes from another part; constants are drawn in that of their user.
  bool is_across(std::uint32_t from, const DrawnNode& to) const {
    if (!nodes_.is_node(from)) return false;
    const DrawnNode& source = made_.nodes[nodes_.drawn(from)];
    return source.part != to.part || source.order != to.order;
  }

  /// Draws a constant beside the node that uses it; a block contains its constants.
  void add_constant(std::uint32_t id, std::uint32_t i, Source& source) {
    const std::uint32_t to = nodes_.drawn(id);
    if (made_.nodes[to].kind == DrawnKind::block || quotient_.drawn_as(id) != id) return;
    const std::uint32_t to_port = in_port(to, id, i, source.value);
    const std::uint32_t from = nodes_.add_constant(source.value.node, to);
    made_.edges.push_back({.kind = EdgeKind::data,
                           .from = from,
                           .to = to,
                           .from_port = source.value.port,
                           .to_port = to_port,
                           .label = source.summed ? "Σ" : "",
                           .folded = std::move(source.folded)});
  }

  void add_updates() {
    for (const Update& update : options_.updates) {
      const Edge next(update.next.node_id(), update.next.port(), false);
      const std::uint32_t parameter = update.parameter.node_id();
      if (!nodes_.is_node(next.node) || !nodes_.is_node(parameter)) continue;
      const std::uint32_t from = nodes_.drawn(next.node), to = nodes_.drawn(parameter);
      if (from == to) continue;
      ++made_.nodes[from].updates;
      const std::uint32_t port = out_port(from, next, made_.nodes[from]);
      add_once({.kind = EdgeKind::update, .from = from, .to = to, .from_port = port});
    }
  }

  /// The partner of a block is the same scope in the computation that it differentiates, and that
  /// of an equation belongs to its last node.
  void find_forward() {
    for (std::uint32_t id = 0; id < view_.size(); ++id) {
      const std::uint32_t forward = data_.records[id].forward;
      if (!nodes_.is_node(id) || quotient_.drawn_as(id) != id || forward == no_node ||
          !nodes_.is_node(forward) || quotient_.selection().part[id] != Part::gradient ||
          nodes_.drawn(forward) == nodes_.drawn(id))
        continue;
      DrawnNode& node = made_.nodes[nodes_.drawn(id)];
      if (node.kind == DrawnKind::block) {
        node.forward = nodes_.block(quotient_.block(id), forward);
        if (node.forward == nothing) node.forward = nodes_.drawn(forward);
      } else if (node.forward == nothing || node.node == id) {
        node.forward = nodes_.drawn(forward);
      }
    }
  }

  void add_ties() {
    for (std::uint32_t i = 0; i < made_.nodes.size(); ++i)
      if (made_.nodes[i].forward != nothing)
        add_once({.kind = EdgeKind::tie, .from = made_.nodes[i].forward, .to = i});
  }

  void add_marks() {
    if (options_.marks.empty()) return;
    for (DrawnNode& node : made_.nodes) {
      const auto mark = options_.marks.find(node.name);
      if (mark == options_.marks.end()) continue;
      node.fill = mark->second.fill;
      node.note = mark->second.note;
    }
  }

  const GraphData& data_;
  GraphView view_;
  const PictureOptions& options_;
  Picture made_;
  DrawnNodes nodes_;
  const Quotient& quotient_;
  NumbersTable<5> edges_;
  NumbersTable<3> out_ports_, in_ports_;
  NumbersTable<2> operand_ports_;
};

void require_mark_colour(const std::string& marked, std::string_view fill) {
  if (!fill.empty() && !is_colour(fill))
    throw ArgumentError(
        fmt::format("to_dot: the mark of '{}' has the fill \"{}\", which is not '#' "
                    "and six hexadecimal digits",
                    marked, fill));
}

}  // namespace

Picture picture_of(const Graph& graph, const PictureOptions& options) {
  for (const auto& [name, mark] : options.marks) require_mark_colour(name, mark.fill);
  if (options.overlay) check_overlay(*options.overlay, options.theme);
  return PictureBuilder(graph, options).run();
}

}  // namespace dagrad::detail
