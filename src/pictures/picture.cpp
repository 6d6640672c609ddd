#include "src/pictures/picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "src/graph/data.hpp"
#include "src/pictures/legend.hpp"
#include "src/pictures/node_texts.hpp"
#include "src/pictures/operand_names.hpp"
#include "src/pictures/quotient.hpp"
#include "src/pictures/superscript.hpp"

namespace dagrad::detail {

namespace {

/// Hashes a few numbers.
struct NumbersHash {
  template <std::size_t n>
  std::size_t operator()(const std::array<std::uint32_t, n>& numbers) const noexcept {
    std::uint64_t hash = n;
    for (const std::uint32_t number : numbers)
      hash = (hash ^ number) * 0x9e3779b97f4a7c15U, hash ^= hash >> 29;
    return hash;
  }
};

std::string part_title(Part part, int order) {
  switch (part) {
    case Part::forward:
      return "forward";
    case Part::after:
      return "after the gradient";
    case Part::update:
      return "update";
    case Part::gradient:
      break;
  }
  return order == 1 ? "gradient" : fmt::format("gradient of order {}", order);
}

/// "block" for "block3" if it is drawn for several scopes.
std::string scope_title(const ScopeTree::Scope& scope) {
  if (scope.repeats == 1) return scope.title;
  const std::size_t letters = scope.title.find_last_not_of("0123456789") + 1;
  return letters == 0 ? scope.title : scope.title.substr(0, letters);
}

class PictureBuilder {
 public:
  PictureBuilder(const Graph& graph, const PictureOptions& options)
      : data_(Access::data(graph)),
        view_(graph),
        options_(options),
        quotient_(graph, options),
        texts_(graph, options),
        drawn_(view_.size(), nothing) {}

  Picture run() && {
    made_.title = options_.title;
    made_.dtype = texts_.dtype();
    add_nodes();
    for (const bool first : {true, false})
      for (std::uint32_t id = 0; id < view_.size(); ++id)
        if (is_node(id) && (quotient_.drawn_as(id) == id) == first) add_operands(id);
    add_updates();
    find_forward();
    if (options_.ties) add_ties();
    add_marks();
    made_.legend = legend_of(made_);
    return std::move(made_);
  }

 private:
  using Place = std::tuple<std::uint32_t, Part, int>;  ///< a scope within a part and an order

  bool is_node(std::uint32_t id) const { return quotient_.role(id) == Role::node; }
  Place place_of(std::uint32_t id, std::uint32_t scope) const {
    return {scope, quotient_.selection().part[id], quotient_.selection().order[id]};
  }
  /// The drawn node that shows a node of the graph.
  std::uint32_t drawn(std::uint32_t id) const { return drawn_[quotient_.drawn_as(id)]; }

  // ---- nodes and clusters

  void add_nodes() {
    for (std::uint32_t id = 0; id < view_.size(); ++id) {
      if (!is_node(id) || quotient_.drawn_as(id) != id) continue;
      const std::uint32_t scope = quotient_.block(id);
      if (scope != ScopeTree::none) {
        const auto [at, fresh] = blocks_.try_emplace(place_of(id, scope), next_index());
        if (fresh) add_block(id, scope);
        drawn_[id] = at->second;
      } else if (quotient_.root(id) == id) {
        drawn_[id] = next_index();
        add_node(id);
      }
    }
    for (std::uint32_t id = 0; id < view_.size(); ++id) {
      if (!is_node(id)) continue;
      const std::uint32_t first = quotient_.drawn_as(id);
      if (drawn_[first] == nothing) drawn_[first] = drawn_[quotient_.root(first)];
      DrawnNode& node = made_.nodes[drawn_[first]];
      node.nodes.push_back(id);
      if (quotient_.selection().fetched[id]) node.fetched = true;
      if (node.kind == DrawnKind::block && first == id) node.parameters += parameters_in(id);
    }
  }

  std::uint32_t next_index() const { return static_cast<std::uint32_t>(made_.nodes.size()); }

  std::uint64_t parameters_in(std::uint32_t id) const {
    if (view_.kind(id) != NodeKind::parameter) return 0;
    return static_cast<std::uint64_t>(view_.type({id, 0, false}).elements());
  }

  DrawnNode& add_node_in(std::uint32_t id, std::uint32_t scope) {
    const std::uint32_t cluster = cluster_of(place_of(id, scope));
    DrawnNode& node = made_.nodes.emplace_back();
    node.node = id;
    node.cluster = cluster;
    node.part = quotient_.selection().part[id];
    node.order = quotient_.selection().order[id];
    return node;
  }

  void add_block(std::uint32_t id, std::uint32_t scope) {
    const ScopeTree::Scope& closed = quotient_.tree()[scope];
    DrawnNode& node = add_node_in(id, closed.parent);
    node.kind = DrawnKind::block;
    node.name = closed.name;
    node.repeats = closed.repeats;
    node.title = scope_title(closed);
    node.place = texts_.place(id);
    if (node.part == Part::gradient)
      node.title = "∂" + (node.order > 1 ? superscript(static_cast<std::size_t>(node.order)) : "") +
                   " " + node.title;
  }

  void add_node(std::uint32_t id) {
    DrawnNode& node = add_node_in(id, quotient_.tree().of(id));
    switch (view_.kind(id)) {
      case NodeKind::input:
        node.kind = DrawnKind::input;
        break;
      case NodeKind::parameter:
        node.kind = DrawnKind::parameter;
        break;
      case NodeKind::constant:
        node.kind = DrawnKind::constant;
        break;
      case NodeKind::op:
        node.kind = quotient_.equation(id).empty() ? DrawnKind::op : DrawnKind::equation;
    }
    const auto derivative = quotient_.selection().derivatives.find(id);
    if (derivative != quotient_.selection().derivatives.end()) node.derivative = derivative->second;
    texts_.describe(node);
    if (node.kind == DrawnKind::equation) {
      node.title = quotient_.equation(id);
      node.types = texts_.type(view_.type({id, 0, false}));
      node.attributes.clear();
    } else {
      add_ports(node);
    }
  }

  /// The ports of a single node: its operands and results.
  void add_ports(DrawnNode& node) const {
    const auto operands = view_.operands(node.node);
    const auto shown = static_cast<std::size_t>(
        std::count_if(operands.begin(), operands.end(),
                      [&](const Edge& edge) { return !edge.type_only || !options_.fold_shapes; }));
    const Op& op = view_.op(node.node);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      DrawnPort port{.label = shown < 2 ? "" : operand_name(op, i, operands.size()),
                     .type = texts_.type(view_.type(operands[i]))};
      if (quotient_.role(operands[i].node) == Role::number && !operands[i].type_only)
        port.number = number_text(view_, operands[i].node);
      node.in.push_back(std::move(port));
    }
    const ResultTypes results = view_.results(node.node);
    for (std::uint32_t i = 0; i < results.size(); ++i)
      node.out.push_back({.type = texts_.type(results[i])});
  }

  /// The cluster of an open scope; that of the whole part for the top level.
  std::uint32_t cluster_of(const Place& place) {
    auto [scope, part, order] = place;
    if (scope == quotient_.tree().updates()) scope = 0;
    std::vector<std::uint32_t> missing;
    std::uint32_t outer = nothing;
    for (std::uint32_t at = scope;; at = quotient_.tree()[at].parent) {
      if (at == quotient_.tree().updates()) continue;
      const auto known = clusters_.find({at, part, order});
      if (known != clusters_.end()) {
        outer = known->second;
        break;
      }
      missing.push_back(at);
      if (at == 0) break;
    }
    for (std::size_t i = missing.size(); i-- > 0;) {
      outer = add_cluster({missing[i], part, order}, outer);
      clusters_.emplace(Place{missing[i], part, order}, outer);
    }
    return outer;
  }

  std::uint32_t add_cluster(const Place& place, std::uint32_t outer) {
    const auto [at, part, order] = place;
    const ScopeTree::Scope& scope = quotient_.tree()[at];
    made_.clusters.push_back({.name = scope.name,
                              .title = at == 0 ? part_title(part, order) : scope_title(scope),
                              .part = part,
                              .order = order,
                              .parent = outer,
                              .repeats = scope.repeats,
                              .parameters = 0});
    return static_cast<std::uint32_t>(made_.clusters.size() - 1);
  }

  // ---- edges

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
    const std::uint32_t from = drawn(source.value.node), to = drawn(id);
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
    if (edges_.insert(key).second) made_.edges.push_back(std::move(edge));
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
    const auto [at, fresh] =
        out_ports_.try_emplace(key, static_cast<std::uint32_t>(node.out.size()));
    const bool across = is_across(value.node, user);
    if (fresh) node.out.push_back({.type = texts_.type(view_.type(value)), .across = across});
    if (!across) node.out[at->second].across = false;
    return at->second;
  }

  /// A block or an equation has a port for each value that enters it. In equal scopes, the same
  /// operands belong to the same port.
  std::uint32_t in_port(std::uint32_t to, std::uint32_t id, std::uint32_t i, const Edge& value) {
    DrawnNode& node = made_.nodes[to];
    if (node.kind != DrawnKind::block && node.kind != DrawnKind::equation) return i;
    const auto operand = operand_ports_.find({quotient_.drawn_as(id), i});
    if (operand != operand_ports_.end() && quotient_.drawn_as(id) != id) return operand->second;
    const std::array key{to, value.node, std::uint32_t{value.port}};
    const auto [at, fresh] = in_ports_.try_emplace(key, static_cast<std::uint32_t>(node.in.size()));
    if (fresh)
      node.in.push_back(
          {.type = texts_.type(view_.type(value)), .across = is_across(value.node, node)});
    if (quotient_.drawn_as(id) == id) operand_ports_.emplace(std::array{id, i}, at->second);
    return at->second;
  }

  /// Whether a value comes from another part; constants are drawn in that of their user.
  bool is_across(std::uint32_t from, const DrawnNode& to) const {
    if (!is_node(from)) return false;
    const DrawnNode& source = made_.nodes[drawn(from)];
    return source.part != to.part || source.order != to.order;
  }

  /// Draws a constant beside the node that uses it; a block contains its constants.
  void add_constant(std::uint32_t id, std::uint32_t i, Source& source) {
    const std::uint32_t to = drawn(id);
    if (made_.nodes[to].kind == DrawnKind::block || quotient_.drawn_as(id) != id) return;
    const std::uint32_t from = next_index(), constant = source.value.node;
    const std::uint32_t to_port = in_port(to, id, i, source.value);
    DrawnNode& node = made_.nodes.emplace_back();
    node.kind = DrawnKind::constant;
    node.node = constant;
    node.nodes = {constant};
    node.part = made_.nodes[to].part;
    node.order = made_.nodes[to].order;
    node.cluster = made_.nodes[to].cluster;
    texts_.describe(node);
    add_ports(node);
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
      if (!is_node(next.node) || !is_node(parameter)) continue;
      const std::uint32_t from = drawn(next.node), to = drawn(parameter);
      if (from == to) continue;
      const std::uint32_t port = out_port(from, next, made_.nodes[from]);
      add_once({.kind = EdgeKind::update, .from = from, .to = to, .from_port = port});
    }
  }

  /// The partner of a block is the same scope in the computation that it differentiates, and that
  /// of an equation belongs to its last node.
  void find_forward() {
    for (std::uint32_t id = 0; id < view_.size(); ++id) {
      const std::uint32_t forward = data_.records[id].forward;
      if (!is_node(id) || quotient_.drawn_as(id) != id || forward == no_node || !is_node(forward) ||
          quotient_.selection().part[id] != Part::gradient || drawn(forward) == drawn(id))
        continue;
      DrawnNode& node = made_.nodes[drawn(id)];
      if (node.kind == DrawnKind::block) {
        const auto mirrored = blocks_.find(place_of(forward, quotient_.block(id)));
        if (mirrored != blocks_.end()) node.forward = mirrored->second;
        if (node.forward == nothing) node.forward = drawn(forward);
      } else if (node.forward == nothing || node.node == id) {
        node.forward = drawn(forward);
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
  Quotient quotient_;
  NodeTexts texts_;
  Picture made_;
  std::vector<std::uint32_t> drawn_;  ///< by node, for those that are drawn as themselves
  std::map<Place, std::uint32_t> blocks_, clusters_;
  std::unordered_set<std::array<std::uint32_t, 5>, NumbersHash> edges_;
  std::unordered_map<std::array<std::uint32_t, 3>, std::uint32_t, NumbersHash> out_ports_,
      in_ports_;
  std::unordered_map<std::array<std::uint32_t, 2>, std::uint32_t, NumbersHash> operand_ports_;
};

void require_mark_colour(const std::string& marked, std::string_view fill) {
  const bool hexadecimal = fill.find_first_not_of("0123456789abcdefABCDEF", 1) == fill.npos;
  if (!fill.empty() && (fill.size() != 7 || fill[0] != '#' || !hexadecimal))
    throw ArgumentError(
        fmt::format("to_dot: the mark of '{}' has the fill \"{}\", which is not '#' "
                    "and six hexadecimal digits",
                    marked, fill));
}

}  // namespace

Picture picture_of(const Graph& graph, const PictureOptions& options) {
  for (const auto& [name, mark] : options.marks) require_mark_colour(name, mark.fill);
  return PictureBuilder(graph, options).run();
}

}  // namespace dagrad::detail
