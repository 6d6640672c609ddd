#include "src/pictures/listing.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "dagrad/passes.hpp"
#include "src/pictures/equations.hpp"
#include "src/pictures/op_rule.hpp"

namespace dagrad::detail {

namespace {

constexpr std::size_t most_rules = 3;  // that are given for one equation

/// What is listed: some values of a graph, and updates of its parameters.
struct Subject {
  std::vector<Value> values;
  std::vector<Update> updates;
};

std::vector<Value> results_of(const Graph& graph) {
  std::vector<Value> results;
  for (const Node& node : graph.nodes())
    if (node.kind() == NodeKind::op && node.users().empty())
      for (std::size_t port = 0; port < node.outputs(); ++port)
        results.push_back(node.output(port));
  return results;
}

Subject subject_of(const Graph& graph, const MathematicsOptions& options) {
  Subject subject{options.fetches, options.updates};
  const auto check = [&](const Value& value) {
    if (&Access::data(value) != &Access::data(graph))
      throw GraphError("mathematics: '" + value.name() + "' belongs to another graph");
  };
  for (const Value& value : subject.values) check(value);
  for (const Update& update : subject.updates) {
    check(update.parameter);
    check(update.next);
  }
  if (subject.values.empty()) subject.values = results_of(graph);
  return subject;
}

class Lister {
 public:
  Lister(const Graph& graph, const Subject& subject, const MathematicsOptions& options)
      : graph_(graph), view_(graph), subject_(subject), options_(options) {
    find_needed();
    equations_ = write_equations(graph_, bounds_);
    members_.resize(view_.size());
    for (std::uint32_t id = 0; id < view_.size(); ++id)
      if (bounds_.region[id] != nothing) members_[equations_.root[id]].push_back(id);
  }

  Listing list() {
    Listing listing;
    for (std::uint32_t id = 0; id < view_.size(); ++id)
      if (is_leaf(id) && bounds_.region[id] != nothing) add_symbol(listing, id);
    std::map<std::uint32_t, Listing::Section> sections;  // by region
    for (std::uint32_t id = 0; id < view_.size(); ++id)
      if (is_equation(id)) add_line(sections[bounds_.region[id]], id);
    for (auto& [region, section] : sections) {
      if (section.lines.empty()) continue;
      section.title = title(region);
      if (region != 0 && region != update_region) section.subject = differentiated(region);
      listing.sections.push_back(std::move(section));
    }
    return listing;
  }

 private:
  static constexpr std::uint32_t update_region = nothing - 1;

  /// Divides the nodes that are listed into regions: by order of the gradient, and those that only
  /// updates need.
  void find_needed() {
    bounds_.region.assign(view_.size(), nothing);
    bounds_.kept.assign(view_.size(), false);
    std::vector<bool> by_values(view_.size()), by_updates(view_.size());
    for (const Value& value : subject_.values) by_values[value.node_id()] = true;
    for (const Cotangent& each : view_.cotangents())
      if (each.asked) by_values[each.value.node] = true;
    for (const Value& value : subject_.values) bounds_.kept[value.node_id()] = true;
    for (const Update& update : subject_.updates) {
      by_updates[update.next.node_id()] = by_updates[update.parameter.node_id()] = true;
      bounds_.kept[update.next.node_id()] = true;
      bounds_.next_of[update.next.node_id()] = update.parameter.node_id();
    }
    for (std::uint32_t id = view_.size(); id-- > 0;)
      for (const Edge& edge : view_.operands(id)) {
        if (by_values[id]) by_values[edge.node] = true;
        if (by_updates[id]) by_updates[edge.node] = true;
      }
    for (std::uint32_t id = 0; id < view_.size(); ++id)
      if (by_values[id] || by_updates[id])
        bounds_.region[id] = by_values[id] || is_leaf(id)
                                 ? static_cast<std::uint32_t>(view_.gradient_order(id))
                                 : update_region;
  }

  bool is_leaf(std::uint32_t id) const { return view_.kind(id) != NodeKind::op; }
  bool is_equation(std::uint32_t id) const {
    return !is_leaf(id) && bounds_.region[id] != nothing && equations_.root[id] == id &&
           equations_.symbol[id].text() != equations_.formula[id].text();
  }

  void add_symbol(Listing& listing, std::uint32_t id) const {
    const NodeKind kind = view_.kind(id);
    const Notation& symbol = equations_.symbol[id];
    if (kind == NodeKind::constant && symbol.scalar()) return;
    const std::string_view role = kind == NodeKind::input       ? "input"
                                  : kind == NodeKind::parameter ? "parameter"
                                                                : "constant";
    listing.symbols.push_back(
        {symbol, view_.name(id), std::string(role) + " " + to_string(view_.results(id)[0])});
  }

  void add_line(Listing::Section& section, std::uint32_t id) {
    Listing::Line line;
    line.left = equations_.symbol[id];
    line.right = equations_.formula[id];
    if (const auto updated = bounds_.next_of.find(id); updated != bounds_.next_of.end()) {
      line.left = equations_.symbol[updated->second];
      line.assigns = true;
    }
    line.node = view_.name(id);
    line.place = to_string(view_.where(id));
    if (options_.rules && view_.gradient_order(id) > 0) line.rules = rules(id);
    section.lines.push_back(std::move(line));
  }

  /// The rules of the ops whose derivatives an equation is made of.
  std::vector<std::string> rules(std::uint32_t root) const {
    std::vector<std::string> texts;
    std::set<std::uint32_t> seen;
    for (auto at = members_[root].rbegin(); at != members_[root].rend(); ++at) {
      const auto forward = graph_.node(*at).forward_node();
      if (!forward || is_leaf(*forward) || !seen.insert(*forward).second) continue;
      if (texts.size() == most_rules) break;
      if (std::string text = rule_text(*forward, root); !text.empty())
        texts.push_back(std::move(text));
    }
    return texts;
  }

  /// The rule for the operand that the equation is the derivative with respect to, or for the first
  /// one that has a rule.
  std::string rule_text(std::uint32_t forward, std::uint32_t root) const {
    const auto operands = view_.operands(forward);
    std::uint32_t wanted = nothing;
    for (const Cotangent& each : view_.cotangents())
      for (std::uint32_t i = 0; i < operands.size(); ++i)
        if (each.value.node == root && operands[i].node == each.x.node &&
            operands[i].port == each.x.port)
          wanted = i;
    for (std::uint32_t i = 0; i < operands.size(); ++i) {
      if (wanted != nothing && i != wanted) continue;
      if (operands[i].type_only || view_.kind(operands[i].node) == NodeKind::constant) continue;
      const auto rule = rule_of(view_, forward, i);
      if (!rule) continue;
      return options_.format == MathematicsFormat::text ? as_text(*rule) : as_latex(*rule);
    }
    return {};
  }

  static std::string as_text(const OpRule& rule) {
    std::string text = rule.forward.left.text() + " = " + rule.forward.right.text() + ": ";
    for (const OpRule::Line& line : rule.gradient)
      text +=
          (&line == &rule.gradient[0] ? "" : ", ") + line.left.text() + " = " + line.right.text();
    return text;
  }
  static std::string as_latex(const OpRule& rule) {
    std::string text = rule.forward.left.latex() + " = " + rule.forward.right.latex() + ":\\ ";
    for (const OpRule::Line& line : rule.gradient)
      text += (&line == &rule.gradient[0] ? "" : ",\\ ") + line.left.latex() + " = " +
              line.right.latex();
    return text;
  }

  static std::string title(std::uint32_t region) {
    if (region == 0) return "Forward";
    if (region == update_region) return "Update";
    return region == 1 ? "Gradient" : "Gradient, order " + std::to_string(region);
  }

  /// What the nodes of this order differentiate, if it is a single value.
  Notation differentiated(std::uint32_t order) const {
    Notation subject;
    for (const Cotangent& each : view_.cotangents()) {
      if (static_cast<std::uint32_t>(view_.gradient_order(each.value.node)) != order) continue;
      const Notation& y = equations_.symbol[view_.differentiation(each).y.node];
      if (!subject.empty() && y.text() != subject.text()) return {};
      subject = y;
    }
    return subject;
  }

  const Graph& graph_;
  GraphView view_;
  const Subject& subject_;
  const MathematicsOptions& options_;
  EquationBounds bounds_;
  WrittenEquations equations_;
  std::vector<std::vector<std::uint32_t>> members_;  ///< by root
};

}  // namespace

Listing listing_of(const Graph& graph, const MathematicsOptions& options) {
  const Subject subject = subject_of(graph, options);
  if (!options.simplify || subject.values.empty()) return Lister(graph, subject, options).list();
  std::vector<Value> values = subject.values;
  for (const Update& update : subject.updates) {
    values.push_back(update.parameter);
    values.push_back(update.next);
  }
  const GraphView view(graph);
  for (const Cotangent& each : view.cotangents())
    if (each.asked) values.push_back(view.value(each.value.node, each.value.port));
  const Optimized simple = optimize(graph, values);
  Subject same;
  for (const Value& value : subject.values) same.values.push_back(simple.mapping(value));
  for (const Update& update : subject.updates)
    same.updates.push_back({simple.mapping(update.parameter), simple.mapping(update.next)});
  return Lister(simple.graph, same, options).list();
}

}  // namespace dagrad::detail
