#include "src/pictures/drawn_nodes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "src/pictures/operand_names.hpp"
#include "src/pictures/scripts.hpp"

namespace dagrad::detail {

namespace {

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
  if (scope.of_parameter) return "each parameter θ";
  const std::size_t letters = scope.title.find_last_not_of("0123456789") + 1;
  return letters == 0 ? scope.title : scope.title.substr(0, letters);
}

}  // namespace

DrawnNodes::DrawnNodes(const Graph& graph, const PictureOptions& options, Picture& made)
    : view_(graph),
      options_(options),
      made_(made),
      quotient_(graph, options),
      texts_(graph, options),
      drawn_(view_.size(), nothing) {
  made_.dtype = texts_.dtype();
  add_nodes();
  count_parameters();
}

std::uint32_t DrawnNodes::block(std::uint32_t scope, std::uint32_t part_of) const {
  const auto at = blocks_.find(place_of(part_of, scope));
  return at == blocks_.end() ? nothing : at->second;
}

std::uint32_t DrawnNodes::add_constant(std::uint32_t id, std::uint32_t user) {
  DrawnNode node;
  node.kind = DrawnKind::constant;
  node.node = id;
  node.nodes = {id};
  node.part = made_.nodes[user].part;
  node.order = made_.nodes[user].order;
  node.cluster = made_.nodes[user].cluster;
  texts_.describe(node);
  add_ports(node);
  made_.nodes.push_back(std::move(node));
  return next_index() - 1;
}

/// The elements of the parameters in each cluster, of one repeat.
void DrawnNodes::count_parameters() {
  for (const DrawnNode& node : made_.nodes) {
    const std::uint64_t own = node.kind == DrawnKind::parameter ? parameters_in(node.node)
                              : node.kind == DrawnKind::block   ? node.parameters * node.repeats
                                                                : 0;
    std::uint64_t within = own;
    for (std::uint32_t at = node.cluster; own > 0 && at != nothing;
         at = made_.clusters[at].parent) {
      made_.clusters[at].parameters += within;
      within *= made_.clusters[at].repeats;
    }
  }
}

void DrawnNodes::add_nodes() {
  std::size_t most = 0;
  for (std::uint32_t id = 0; id < view_.size(); ++id)
    if (is_node(id) && quotient_.drawn_as(id) == id && quotient_.root(id) == id) ++most;
  made_.nodes.reserve(most);
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
    if (node.kind == DrawnKind::block && block(quotient_.block(id), id) == drawn_[first])
      node.parameters += parameters_in(id);
    if (node.kind != DrawnKind::block && types_differ(id, first)) node.types.clear();
  }
}

/// Nodes that are drawn as one have the same number of results.
bool DrawnNodes::types_differ(std::uint32_t a, std::uint32_t b) const {
  for (std::uint32_t port = 0; port < view_.results(a).size(); ++port)
    if (view_.type_index({a, port, false}) != view_.type_index({b, port, false})) return true;
  return false;
}

std::uint64_t DrawnNodes::parameters_in(std::uint32_t id) const {
  if (view_.kind(id) != NodeKind::parameter) return 0;
  return static_cast<std::uint64_t>(view_.type({id, 0, false}).elements());
}

DrawnNode& DrawnNodes::add_node_in(std::uint32_t id, std::uint32_t scope) {
  const std::uint32_t cluster = cluster_of(place_of(id, scope));
  DrawnNode& node = made_.nodes.emplace_back();
  node.node = id;
  node.cluster = cluster;
  node.part = quotient_.selection().part[id];
  node.order = quotient_.selection().order[id];
  return node;
}

void DrawnNodes::add_block(std::uint32_t id, std::uint32_t scope) {
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

void DrawnNodes::add_node(std::uint32_t id) {
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
void DrawnNodes::add_ports(DrawnNode& node) const {
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

/// Whether a scope has no cluster of its own: that of all updates, and that of a single one.
bool DrawnNodes::is_transparent(std::uint32_t scope) const {
  const ScopeTree& tree = quotient_.tree();
  return scope == tree.updates() || (tree[scope].of_parameter && tree[scope].repeats == 1);
}

/// The cluster of an open scope; that of the whole part for the top level.
std::uint32_t DrawnNodes::cluster_of(const Place& place) {
  auto [scope, part, order] = place;
  if (is_transparent(scope)) scope = 0;
  std::vector<std::uint32_t> missing;
  std::uint32_t outer = nothing;
  for (std::uint32_t at = scope;; at = quotient_.tree()[at].parent) {
    if (is_transparent(at)) continue;
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

std::uint32_t DrawnNodes::add_cluster(const Place& place, std::uint32_t outer) {
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

}  // namespace dagrad::detail
