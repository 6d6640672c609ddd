#include "src/pictures/repeats.hpp"

#include <functional>
#include <map>
#include <numeric>

#include "src/graph/data.hpp"

namespace dagrad::detail {

namespace {

constexpr std::uint32_t deepest_compared = 100;  // scopes within deeper ones are not compared

/// What a scope contains, as numbers that are equal for equal scopes.
using Signature = std::vector<std::uint64_t>;

class RepeatFinder {
 public:
  RepeatFinder(const Graph& graph, const ShownNodes& selection, const std::vector<Role>& roles,
               const PictureOptions& options, ScopeTree& tree)
      : data_(Access::data(graph)),
        view_(graph),
        selection_(selection),
        roles_(roles),
        options_(options),
        tree_(tree),
        position_(data_.size()),
        nodes_(tree.size()) {}

  std::vector<std::uint32_t> run() {
    std::vector<std::uint32_t> drawn_as(data_.size());
    std::iota(drawn_as.begin(), drawn_as.end(), 0U);
    collect();
    for (std::uint32_t outer = 0; outer < tree_.size(); ++outer) {
      if (tree_[outer].inner.size() < 2 || tree_[outer].depth >= deepest_compared ||
          is_joined(outer))
        continue;
      std::map<Signature, std::uint32_t> first;  // by signature: the scope that is drawn
      for (const std::uint32_t scope : tree_[outer].inner) {
        const auto [at, fresh] = first.try_emplace(signature(scope), scope);
        if (!fresh) join(scope, at->second, drawn_as);
      }
    }
    // Within a scope that is drawn for others, scopes may be joined in turn. Their nodes are drawn
    // as nodes that lie before them.
    for (std::uint32_t id = 0; id < data_.size(); ++id)
      while (drawn_as[drawn_as[id]] != drawn_as[id]) drawn_as[id] = drawn_as[drawn_as[id]];
    return drawn_as;
  }

 private:
  /// Lists the nodes of each scope, including those of the scopes in it.
  void collect() {
    for (std::uint32_t id = 0; id < data_.size(); ++id) {
      if (roles_[id] == Role::absent || roles_[id] == Role::number || roles_[id] == Role::constant)
        continue;
      std::uint32_t scope = tree_.of(id);
      while (tree_[scope].depth > deepest_compared) scope = tree_[scope].parent;
      for (; scope != 0; scope = tree_[scope].parent) nodes_[scope].push_back(id);
    }
  }

  bool is_joined(std::uint32_t scope) const {
    for (; scope != 0; scope = tree_[scope].parent)
      if (tree_[scope].drawn_as != scope) return true;
    return false;
  }

  void join(std::uint32_t scope, std::uint32_t first, std::vector<std::uint32_t>& drawn_as) {
    tree_[scope].drawn_as = first;
    ++tree_[first].repeats;
    for (std::size_t i = 0; i < nodes_[scope].size(); ++i)
      drawn_as[nodes_[scope][i]] = nodes_[first][i];
  }

  Signature signature(std::uint32_t scope) {
    const std::vector<std::uint32_t>& nodes = nodes_[scope];
    for (std::size_t i = 0; i < nodes.size(); ++i) position_[nodes[i]] = i + 1;
    Signature all{nodes.size()};
    for (const std::uint32_t id : nodes) add(id, scope, all);
    for (const std::uint32_t id : nodes) position_[id] = 0;
    return all;
  }

  void add(std::uint32_t id, std::uint32_t scope, Signature& all) const {
    all.push_back(data_.records[id].op);
    all.push_back(static_cast<std::uint64_t>(roles_[id]) << 32 |
                  static_cast<std::uint64_t>(selection_.part[id]) << 24 |
                  static_cast<std::uint64_t>(selection_.order[id]) << 1 |
                  std::uint64_t{selection_.fetched[id]});
    const std::size_t outer = tree_[scope].name.size();
    all.push_back(hash(std::string_view(tree_[tree_.of(id)].name).substr(outer)));
    if (data_.names.user_given(id) && !tree_[scope].of_parameter) {
      const std::string name = view_.name(id);
      all.push_back(hash(std::string_view(name).substr(std::min(outer, name.size()))));
      add_mark(name, all);
    } else if (!options_.marks.empty()) {
      add_mark(view_.name(id), all);
    }
    const bool typed = !tree_[scope].of_parameter;
    const ResultTypes results = view_.results(id);
    for (std::uint32_t port = 0; typed && port < results.size(); ++port)
      all.push_back(view_.type_index({id, port, false}));
    for (const Edge& edge : view_.operands(id)) {
      const std::uint64_t port = std::uint64_t{edge.port} << 1 | std::uint64_t{edge.type_only};
      if (roles_[edge.node] == Role::number)
        all.push_back(hash(number_text(view_, edge.node)));
      else
        all.push_back(position_[edge.node] << 32 | port);
      if (typed) all.push_back(view_.type_index(edge));
    }
  }

  void add_mark(const std::string& name, Signature& all) const {
    const auto mark = options_.marks.find(name);
    if (mark == options_.marks.end()) return;
    all.push_back(hash(mark->second.fill));
    all.push_back(hash(mark->second.note));
  }

  static std::uint64_t hash(std::string_view text) { return std::hash<std::string_view>{}(text); }

  const GraphData& data_;
  GraphView view_;
  const ShownNodes& selection_;
  const std::vector<Role>& roles_;
  const PictureOptions& options_;
  ScopeTree& tree_;
  std::vector<std::uint64_t> position_;  ///< by node: 1 + its place in the scope at hand, or 0
  std::vector<std::vector<std::uint32_t>> nodes_;  ///< by scope, ascending
};

}  // namespace

std::vector<std::uint32_t> join_repeats(const Graph& graph, const ShownNodes& selection,
                                        const std::vector<Role>& roles,
                                        const PictureOptions& options, ScopeTree& tree) {
  return RepeatFinder(graph, selection, roles, options, tree).run();
}

}  // namespace dagrad::detail
