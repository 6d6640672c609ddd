#include "dagrad/pass_changes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "dagrad/passes/fuse.hpp"
#include "dagrad/passes/tile.hpp"
#include "src/graph/data.hpp"

namespace dagrad {

namespace {

using detail::Access;
using detail::Edge;
using detail::GraphData;
using detail::no_node;

/// What became of the nodes of the graph before, and what the nodes after were made of.
class Fates {
 public:
  Fates(const Graph& before, ValueSpan values, const Graph& after, const Mapping& mapping)
      : before_(Access::data(before)),
        after_(Access::data(after)),
        mapping_(mapping),
        needed(before_.size()),
        kept_as(before_.size(), no_node),
        copy_of(after_.size(), no_node),
        group(before_.size(), no_node),
        members(after_.size()) {
    for (const Value& value : values) {
      require_own(value);
      needed[value.node_id()] = true;
    }
    for (std::uint32_t id = before_.size(); id-- > 0;)
      if (needed[id])
        for (const Edge& edge : before_.operands_of(id)) needed[edge.node] = true;
    find_copies();
    find_members();
  }

  /// The value after, if there is one.
  std::optional<Edge> counterpart(std::uint32_t id, std::uint32_t port) const {
    const auto to = mapping_.find(Access::value(before_.share(), id, port));
    if (!to) return std::nullopt;
    return Edge(to->node_id(), to->port(), false);
  }

  PassChange change(std::uint32_t id) const {
    if (kept_as[id] != no_node) return PassChange::kept;
    if (group[id] != no_node) return PassChange::fused;
    const auto to = counterpart(id, 0);
    const bool merged = to && copy_of[to->node] != no_node && is_equal(id, to->node);
    return merged ? PassChange::merged : PassChange::removed;
  }

 private:
  void require_own(const Value& value) const {
    if (&Access::data(value) != &before_)
      throw GraphError("pass_changes: '" + value.name() + "' belongs to another graph");
  }

  bool is_equal(std::uint32_t old, std::uint32_t fresh) const {
    if (before_.records[old].kind != after_.records[fresh].kind) return false;
    return before_.ops[before_.records[old].op].op == after_.ops[after_.records[fresh].op].op;
  }

  /// Whether the new node computes the same of the same operands.
  bool is_copy(std::uint32_t old, std::uint32_t fresh) const {
    const auto from = before_.operands_of(old), to = after_.operands_of(fresh);
    if (!is_equal(old, fresh) || from.size() != to.size()) return false;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto operand = counterpart(from[i].node, from[i].port);
      if (!operand || operand->node != to[i].node || operand->port != to[i].port) return false;
    }
    return true;
  }

  /// The first of equal nodes is kept, unless another one has given the new node its name.
  void find_copies() {
    for (const bool named : {true, false})
      for (std::uint32_t id = 0; id < before_.size(); ++id) {
        if (!needed[id] || kept_as[id] != no_node) continue;
        const auto to = counterpart(id, 0);
        if (!to || copy_of[to->node] != no_node || !is_copy(id, to->node)) continue;
        if (named && before_.names.text(id) != after_.names.text(to->node)) continue;
        kept_as[id] = to->node;
        copy_of[to->node] = id;
      }
  }

  /// The nodes of which fused ones were made. If a rewrite had made the graph before, both sides
  /// know the nodes of an older graph.
  void find_members() {
    std::unordered_map<std::string, std::vector<std::uint32_t>> known;  // by origin
    const auto origins = [](const GraphData& graph, std::uint32_t id) {
      return Access::node(graph.share(), id).origins();
    };
    for (std::uint32_t id = 0; id < before_.size(); ++id)
      if (needed[id] && kept_as[id] == no_node)
        for (const Origin& origin : origins(before_, id)) known[origin.node].push_back(id);
    for (std::uint32_t id = 0; id < after_.size(); ++id) {
      const Op& op = after_.ops[after_.records[id].op].op;
      const bool may_join = op.get_if<Traced>() || op.get_if<Fused>() || op.get_if<Tiled>();
      if (!may_join || copy_of[id] != no_node || !after_.has_origins(id)) continue;
      for (const Origin& origin : origins(after_, id))
        for (const std::uint32_t old : known[origin.node]) {
          const auto to = counterpart(old, 0);
          if (group[old] != no_node || (to && to->node != id)) continue;
          group[old] = id;
          members[id].push_back(old);
        }
      if (members[id].size() < 2) {
        for (const std::uint32_t old : members[id]) group[old] = no_node;
        members[id].clear();
      }
    }
  }

  const GraphData &before_, &after_;
  const Mapping& mapping_;

 public:
  std::vector<bool> needed;                         ///< by node before
  std::vector<std::uint32_t> kept_as;               ///< by node before: its copy, or `no_node`
  std::vector<std::uint32_t> copy_of;               ///< by node after: what it is a copy of
  std::vector<std::uint32_t> group;                 ///< by node before: what it was fused into
  std::vector<std::vector<std::uint32_t>> members;  ///< by node after: what was fused into it
};

/// Makes the graph of both, each node after its operands.
class BothGraphs {
 public:
  BothGraphs(const Graph& before, ValueSpan values, const Graph& after, const Mapping& mapping)
      : old_(Access::data(before)),
        new_(Access::data(after)),
        to_(Access::data(made_.graph)),
        fates_(before, values, after, mapping),
        values_(values),
        mapping_(mapping),
        made_of_old_(old_.size(), no_node),
        made_of_new_(new_.size(), no_node) {}

  PassChanges run() && {
    for (std::uint32_t id = 0; id < new_.size(); ++id) make({id, true});
    for (std::uint32_t id = 0; id < old_.size(); ++id)
      if (fates_.needed[id]) make(source(id));
    add_derivatives();
    describe();
    return std::move(made_);
  }

 private:
  /// A node of one of the two graphs.
  struct Task {
    std::uint32_t id;
    bool is_new;
  };

  std::uint32_t& made(Task task) { return (task.is_new ? made_of_new_ : made_of_old_)[task.id]; }

  /// Where a value of the graph before is made: kept nodes are those of the graph after.
  Task source(std::uint32_t old) const {
    const std::uint32_t kept = fates_.kept_as[old];
    return kept == no_node ? Task{old, false} : Task{kept, true};
  }

  std::vector<Task> needs(Task task) const {
    std::vector<Task> all;
    if (!task.is_new) {
      for (const Edge& edge : old_.operands_of(task.id)) all.push_back(source(edge.node));
      return all;
    }
    for (const std::uint32_t member : fates_.members[task.id]) all.push_back({member, false});
    if (all.empty())
      for (const Edge& edge : new_.operands_of(task.id)) all.push_back({edge.node, true});
    return all;
  }

  /// Makes a node and what it needs first. If a rewrite has turned the order of two nodes around,
  /// one that is no longer there is left out.
  void make(Task root) {
    std::vector<std::pair<Task, bool>> open{{root, false}};
    while (!open.empty()) {
      const auto [task, is_ready] = open.back();
      if (made(task) != no_node || (!is_ready && !begin(task))) {
        open.pop_back();
      } else if (!is_ready) {
        open.back().second = true;
        for (const Task need : needs(task)) open.push_back({need, false});
      } else {
        open.pop_back();
        finish(task);
      }
    }
  }

  /// False if the node has been begun already, or makes no node because its members do.
  bool begin(Task task) { return begun_.insert({task.is_new, task.id}).second; }

  void finish(Task task) {
    begun_.erase({task.is_new, task.id});
    if (task.is_new && !fates_.members[task.id].empty() && all_results_are_members(task.id)) return;
    const GraphData& from = task.is_new ? new_ : old_;
    std::vector<Edge> operands;
    for (const Edge& edge : from.operands_of(task.id)) {
      const std::optional<Edge> operand = task.is_new ? of_new(edge) : of_old(edge);
      if (!operand) return;
      operands.push_back(*operand);
    }
    made(task) = copy(from, task.id, operands);
    if (made_as_.size() <= made(task)) made_as_.resize(made(task) + 1);
    made_as_[made(task)] = task;
  }

  bool all_results_are_members(std::uint32_t fused) {
    for (std::uint32_t port = 0; port < new_.types_of(fused).size(); ++port)
      if (!of_new(Edge(fused, port, false))) return false;
    return true;
  }

  std::optional<Edge> of_old(const Edge& edge) {
    const Task task = source(edge.node);
    if (task.is_new) return of_new(Edge(task.id, edge.port, edge.type_only));
    const std::uint32_t id = made(task);
    if (id == no_node) return std::nullopt;
    return Edge(id, edge.port, edge.type_only);
  }

  /// The results of a fused node are those of its members.
  std::optional<Edge> of_new(const Edge& edge) {
    if (const std::uint32_t id = made_of_new_[edge.node]; id != no_node)
      return Edge(id, edge.port, edge.type_only);
    for (const std::uint32_t member : fates_.members[edge.node])
      for (std::uint32_t port = 0; port < old_.types_of(member).size(); ++port) {
        const auto to = fates_.counterpart(member, port);
        if (to && to->node == edge.node && to->port == edge.port && made_of_old_[member] != no_node)
          return Edge(made_of_old_[member], port, edge.type_only);
      }
    return std::nullopt;
  }

  std::uint32_t copy(const GraphData& from, std::uint32_t id, std::span<const Edge> operands) {
    const auto& record = from.records[id];
    const std::string& scope = from.names.scope_text(from.names.scope_of(id));
    detail::Making making{scope.empty() ? 0 : to_.names.scope(0, scope), no_node, record.order,
                          from.where(id)};
    if (record.forward != no_node) {
      const auto forward = &from == &new_ ? of_new(Edge(record.forward, 0, false))
                                          : of_old(Edge(record.forward, 0, false));
      if (forward) making.forward = forward->node;
    }
    const detail::MadeAs made_as(to_, making);
    std::uint32_t fresh = no_node;
    if (record.kind == NodeKind::op) {
      fresh = append_node(to_, from.ops[record.op].op, operands, {});
    } else {
      std::optional<Tensor> tensor;
      if (record.tensor != no_node) tensor = from.tensors[record.tensor];
      fresh = add_leaf(to_, record.kind, from.types_of(id)[0], {}, tensor, {}).node_id();
    }
    if (const std::string full = from.names.text(id);
        from.names.user_given(id) && to_.names.find(full) == detail::Names::none)
      to_.names.restore(fresh, std::string_view(full).substr(scope.empty() ? 0 : scope.size() + 1));
    return fresh;
  }

  void add_derivatives() {
    to_.copy_cotangents(new_, [&](const Edge& edge) { return of_new(edge); });
  }

  void describe() {
    constexpr const char* names[] = {"kept", "fused", "merged", "added", "removed"};
    made_.options.overlay = Overlay{.title = "passes",
                                    .scale = OverlayScale::classes,
                                    .classes = {std::begin(names), std::end(names)}};
    std::map<std::uint32_t, std::size_t> groups;  // by fused node
    for (std::uint32_t id = 0; id < to_.size(); ++id) {
      const Task task = made_as_[id];
      const std::string name = to_.names.text(id);
      const bool is_copy = task.is_new && fates_.copy_of[task.id] != no_node;
      const PassChange change = is_copy       ? PassChange::kept
                                : task.is_new ? PassChange::added
                                              : fates_.change(task.id);
      made_.nodes.push_back({name, change, instead_of(task, change)});
      if (change == PassChange::fused) add_to_group(task.id, name, groups);
      if (change == PassChange::kept) continue;
      const std::string& instead = made_.nodes.back().instead;
      made_.options.overlay->amounts[name] = static_cast<double>(change);
      if (change == PassChange::merged) made_.options.overlay->notes[name] = "merged: " + instead;
      if (change == PassChange::removed && !instead.empty())
        made_.options.overlay->notes[name] = "removed: now " + instead;
    }
    for (const Value& value : values_) {
      const Value now = mapping_(value);
      if (const auto edge = of_new(Edge(now.node_id(), now.port(), false)))
        made_.options.fetches.push_back(Access::value(to_.share(), edge->node, edge->port));
    }
  }

  std::string instead_of(Task task, PassChange change) {
    if (task.is_new) return {};
    if (change == PassChange::fused) return new_.names.text(fates_.group[task.id]);
    const auto to = fates_.counterpart(task.id, 0);
    const auto edge = to ? of_new(*to) : std::nullopt;
    return edge ? to_.names.text(edge->node) : "";
  }

  void add_to_group(std::uint32_t old, const std::string& name,
                    std::map<std::uint32_t, std::size_t>& groups) {
    const std::uint32_t fused = fates_.group[old];
    const auto [at, fresh] = groups.try_emplace(fused, made_.options.groups.size());
    if (fresh) {
      const Op& op = new_.ops[new_.records[fused].op].op;
      const std::string title = new_.names.text(fused), kind(op.name());
      made_.options.groups.push_back({title.starts_with(kind) ? title : kind + ' ' + title, {}});
    }
    made_.options.groups[at->second].nodes.push_back(name);
  }

  const GraphData &old_, &new_;
  PassChanges made_;
  GraphData& to_;
  Fates fates_;
  ValueSpan values_;
  const Mapping& mapping_;
  std::vector<std::uint32_t> made_of_old_, made_of_new_;
  std::vector<Task> made_as_;  ///< by node of both
  std::set<std::pair<bool, std::uint32_t>> begun_;
};

}  // namespace

std::size_t PassChanges::count(PassChange change) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(nodes, [&](const ChangedNode& node) { return node.change == change; }));
}

PassChanges pass_changes(const Graph& before, ValueSpan values, const Graph& after,
                         const Mapping& mapping) {
  return BothGraphs(before, values, after, mapping).run();
}

}  // namespace dagrad
