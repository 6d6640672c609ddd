#include "src/pictures/quotient.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>
#include <unordered_map>

#include "src/pictures/closing.hpp"

namespace dagrad::detail {

namespace {

/// Whether a byte can be part of a symbol; all letters but those of ASCII are several bytes.
bool is_symbol_byte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80);
}

std::string with_word_replaced(std::string text, const std::string& word,
                               const std::string& instead) {
  if (word.empty()) return text;
  for (std::size_t at = 0; (at = text.find(word, at)) != text.npos;) {
    const std::size_t end = at + word.size();
    const std::string_view before = std::string_view(text).substr(0, at);
    const bool begins = at == 0 || !is_symbol_byte(text[at - 1]) || before.ends_with("∂");
    const bool ends = end == text.size() || !is_symbol_byte(text[end]) ||
                      std::string_view(text).substr(end).starts_with("·");
    if (begins && ends) text.replace(at, word.size(), instead);
    at += begins && ends ? instead.size() : word.size();
  }
  return text;
}

}  // namespace

Quotient::Quotient(const Graph& graph, const PictureOptions& options)
    : view_(graph),
      selection_(selection_of(graph, options)),
      roles_(roles_of(graph, selection_, options)),
      tree_(graph, selection_, roles_, options.updates, options.groups),
      drawn_as_(view_.size()),
      root_(view_.size()),
      text_(view_.size()),
      closed_(tree_.size(), ScopeTree::none) {
  for (const Update& update : options.updates)
    updated_.emplace(update.parameter.name(), update.parameter.node_id());
  std::iota(drawn_as_.begin(), drawn_as_.end(), 0U);
  std::iota(root_.begin(), root_.end(), 0U);
  if (options.join_repeats) drawn_as_ = join_repeats(graph, selection_, roles_, options, tree_);
  const std::vector<Detail> details = details_of(tree_, options);
  if (std::any_of(details.begin(), details.end(), [](Detail d) { return d != Detail::ops; }))
    join_equations(graph, details);
  close_scopes(tree_, details, options.most_nodes ? sizes() : ScopeSizes{}, options);
  find_closed();
}

/// Distinguishes the parts, and the orders of the gradient.
std::uint64_t Quotient::part_of(std::uint32_t node) const {
  return static_cast<std::uint64_t>(selection_.part[node]) << 16 | selection_.order[node];
}

void Quotient::join_equations(const Graph& graph, const std::vector<Detail>& details) {
  EquationBounds bounds;
  bounds.region.assign(view_.size(), nothing);
  bounds.folded.assign(view_.size(), false);
  bounds.derivative.assign(view_.size(), "");
  bounds.kept = selection_.kept;
  bounds.next_of = selection_.next_of;
  std::unordered_map<std::uint64_t, std::uint32_t> regions;  // by scope and part
  for (std::uint32_t id = 0; id < view_.size(); ++id) {
    bounds.folded[id] =
        roles_[id] == Role::number || roles_[id] == Role::constant || roles_[id] == Role::passage;
    if (roles_[id] != Role::node || details[tree_.of(id)] == Detail::ops) continue;
    const std::uint64_t key = std::uint64_t{tree_.of(id)} << 32 | part_of(id);
    bounds.region[id] =
        regions.try_emplace(key, static_cast<std::uint32_t>(regions.size())).first->second;
  }
  for (const auto& [node, text] : selection_.derivatives) bounds.derivative[node] = text;
  Equations equations = equations_of(graph, bounds);
  name_joined_parameters(equations);
  for (std::uint32_t id = 0; id < view_.size(); ++id)
    if (bounds.region[id] != nothing) {
      root_[id] = equations.root[id];
      text_[id] = std::move(equations.text[id]);
    }
}

/// An equation that is drawn for the updates of several parameters calls all of them θ.
void Quotient::name_joined_parameters(Equations& equations) const {
  for (std::uint32_t id = 0; id < view_.size(); ++id) {
    const ScopeTree::Scope& scope = tree_[tree_.of(id)];
    if (roles_[id] != Role::node || !scope.of_parameter || scope.repeats == 1 ||
        equations.text[id].empty())
      continue;
    const std::uint32_t parameter = updated_.at(scope.title);
    std::string& text = equations.text[id];
    text = with_word_replaced(text, equations.symbol[parameter], "θ");
  }
}

void Quotient::find_closed() {
  for (std::uint32_t scope = 1; scope < tree_.size(); ++scope) {
    const std::uint32_t outer = closed_[tree_[scope].parent];
    closed_[scope] = outer != ScopeTree::none ? outer : tree_[scope].open ? ScopeTree::none : scope;
  }
}

ScopeSizes Quotient::sizes() const {
  const std::vector<std::size_t> none(tree_.size());
  ScopeSizes sizes{none, none, none};
  std::vector<std::set<std::uint64_t>> parts(tree_.size());
  for (std::uint32_t id = 0; id < view_.size(); ++id) {
    if (roles_[id] != Role::node) continue;
    parts[tree_.of(id)].insert(part_of(id));
    ++sizes.within[tree_.of(id)];
    if (drawn_as_[id] != id) continue;
    if (root_[id] == id) ++sizes.open[tree_.of(id)];
    for (const Edge& edge : view_.operands(id))
      if (roles_[edge.node] == Role::constant) ++sizes.open[tree_.of(id)];
  }
  for (std::uint32_t scope = tree_.size(); scope-- > 0;) {
    sizes.closed[scope] = parts[scope].size();
    if (scope == 0) continue;
    if (tree_[scope].of_parameter) {  // never closed by itself
      if (tree_[scope].drawn_as == scope) sizes.open[tree_[scope].parent] += sizes.open[scope];
      sizes.open[scope] = sizes.closed[scope] = 0;
    }
    parts[tree_[scope].parent].merge(parts[scope]);
    sizes.within[tree_[scope].parent] += sizes.within[scope];
  }
  return sizes;
}

}  // namespace dagrad::detail
