#include "src/pictures/symbols.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "src/pictures/scripts.hpp"

namespace dagrad::detail {

namespace {

/// The words of a name, which '/' separates.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> all;
  while (true) {
    const std::size_t end = name.find('/');
    all.emplace_back(name.substr(0, end));
    if (end == std::string_view::npos) return all;
    name.remove_prefix(end + 1);
  }
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// A name with an index below: w₀, w_hidden.
Notation with_index(std::string_view base, const std::string& index) {
  const Notation name = Notation::name(base);
  if (index.empty()) return name;
  const bool plain = name.latex().find('_') == std::string::npos;
  const std::string latex = plain ? name.latex() : "{" + name.latex() + "}";
  return Notation::of(is_number(index) ? name.text() + subscript(index)
                                       : Notation::name(std::string(base) + "_" + index).text(),
                      latex + (is_number(index) ? "_{" + index + "}"
                                                : "_{\\mathrm{" + latex_escaped(index) + "}}"));
}

std::string joined_words(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& word : all) text += (text.empty() ? "" : ".") + word;
  return text;
}

/// By place from the end: whether all scopes have the same word there.
std::vector<bool> shared_words(const std::vector<std::vector<std::string>>& scopes) {
  std::vector<bool> shared(scopes.front().size(), true);
  for (const std::vector<std::string>& scope : scopes) {
    shared.resize(std::min(shared.size(), scope.size()));
    for (std::size_t back = 0; back < shared.size(); ++back)
      shared[back] = shared[back] && scope[scope.size() - 1 - back] ==
                                         scopes.front()[scopes.front().size() - 1 - back];
  }
  return shared;
}

/// The last `count` words, without those that all others have too.
std::vector<std::string> distinguishing(const std::vector<std::string>& scope, std::size_t count,
                                        const std::vector<bool>& shared) {
  std::vector<std::string> kept;
  for (std::size_t back = std::min(count, scope.size()); back-- > 0;)
    if (back >= shared.size() || !shared[back]) kept.push_back(scope[scope.size() - 1 - back]);
  return kept;
}

}  // namespace

Symbols::Symbols(const Graph& graph) {
  std::map<std::string, std::vector<std::uint32_t>> groups;  // by the last word
  std::unordered_map<std::uint32_t, std::vector<std::string>> scopes;
  const GraphView view(graph);
  for (std::uint32_t id = 0; id < view.size(); ++id) {
    const NodeKind kind = view.kind(id);
    const bool named =
        kind == NodeKind::input || kind == NodeKind::parameter || graph.node(id).has_user_name();
    if (!named) continue;
    std::vector<std::string> path = words_of(view.name(id));
    groups[path.back()].push_back(id);
    path.pop_back();
    scopes.emplace(id, std::move(path));
  }
  if (!scopes.empty()) given_.resize(view.size());
  for (const auto& [base, group] : groups) {
    std::vector<std::vector<std::string>> around;
    for (const std::uint32_t id : group) around.push_back(scopes[id]);
    name_group(base, group, around);
  }
}

/// Names nodes whose names have the same last word, by as few of the words before as it takes.
void Symbols::name_group(const std::string& base, const std::vector<std::uint32_t>& group,
                         const std::vector<std::vector<std::string>>& scopes) {
  std::vector<std::string> index(group.size());
  const std::vector<bool> shared = shared_words(scopes);
  std::size_t deepest = 0;
  for (const auto& scope : scopes) deepest = std::max(deepest, scope.size());
  for (std::size_t count = 1; group.size() > 1 && count <= deepest; ++count) {
    std::unordered_set<std::string> seen;
    bool distinct = true;
    for (std::size_t i = 0; i < group.size(); ++i) {
      index[i] = joined_words(distinguishing(scopes[i], count, shared));
      distinct = seen.insert(index[i]).second && distinct;
    }
    if (distinct) break;
  }
  for (std::size_t i = 0; i < group.size(); ++i)
    given_[group[i]] = unique(with_index(base, index[i]));
}

const Notation& Symbols::given(std::uint32_t node) const {
  return node < given_.size() ? given_[node] : none_;
}

bool Symbols::take(const Notation& symbol) {
  if (taken_.contains(symbol.text()) || taken_.contains("$" + symbol.latex())) return false;
  taken_.insert(symbol.text());
  taken_.insert("$" + symbol.latex());
  return true;
}

Notation Symbols::unique(const Notation& symbol) {
  if (take(symbol)) return symbol;
  const std::string copies = symbol.text() + "(";  // no letter is called so
  for (std::uint32_t copy = free_index(copies, 2);; copy = free_index(copies, copy)) {
    next_free_[copies][copy] = copy + 1;
    const std::string mark = "(" + std::to_string(copy) + ")";
    Notation other =
        Notation::of({symbol.text() + "⁽" + std::to_string(copy) + "⁾", symbol.precedence()},
                     {"{" + symbol.latex() + "}^{" + mark + "}", Precedence::power});
    if (take(other)) return other;
  }
}

/// The first index from `index` on that the letter has not had yet. Each search shortens the way
/// for the next ones.
std::uint32_t Symbols::free_index(const std::string& letter, std::uint32_t index) {
  std::unordered_map<std::uint32_t, std::uint32_t>& next = next_free_[letter];
  std::uint32_t free = index;
  for (auto at = next.find(free); at != next.end(); at = next.find(free)) free = at->second;
  while (index != free) index = std::exchange(next[index], free);
  return free;
}

Notation Symbols::indexed(std::string_view letter, std::string_view latex, std::uint32_t& index) {
  const std::string text(letter);
  while (true) {
    index = free_index(text, index);
    next_free_[text][index] = index + 1;
    const std::string number = index == 0 ? "" : std::to_string(index);
    Notation symbol = Notation::of(
        text + subscript(number), std::string(latex) + (number.empty() ? "" : "_{" + number + "}"));
    if (take(symbol)) return symbol;
  }
}

Notation Derivatives::symbol(const Notation& y, const Notation& x, bool seeded) {
  if (seeded) return Notation::of("adj(" + x.text() + ")", "\\overline{" + x.latex() + "}");
  std::vector<Notation> xs{x};
  Notation of = y;
  if (const auto inner = known_.find(y.text()); inner != known_.end()) {
    of = inner->second.y;
    xs.insert(xs.begin(), inner->second.xs.begin(), inner->second.xs.end());
  }
  const std::size_t order = xs.size();
  const std::string high = order == 1   ? ""
                           : order == 2 ? "²"
                           : order == 3 ? "³"
                                        : "^" + std::to_string(order);
  const std::string raised = order == 1 ? "" : "^{" + std::to_string(order) + "}";
  std::string below, latex_below;
  const bool same =
      std::ranges::all_of(xs, [&](const Notation& each) { return each.text() == x.text(); });
  for (const Notation& each : same ? std::vector{x} : xs) {
    below += "∂" + each.text() + (same ? high : "");
    latex_below += "\\partial " + each.latex() + (same ? raised : "");
  }
  const std::string above = of.text_within(Precedence::whole).formula;
  Notation result =
      Notation::of({"∂" + high + above + "/" + below, Precedence::product},
                   {"\\frac{\\partial" + raised + " " + of.latex() + "}{" + latex_below + "}",
                    Precedence::matrix});
  known_.insert_or_assign(result.text(), Known{of, std::move(xs)});
  return result;
}

}  // namespace dagrad::detail
