#include "src/gradient/sparsity.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "dagrad/rewrite.hpp"
#include "dagrad/sparse.hpp"
#include "src/gradient/derive.hpp"
#include "src/gradient/paths.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad {

namespace detail {

namespace {

/// Whether a dependence is one between that many elements.
bool fits(const Dependence& dependence, std::int64_t from, std::int64_t to) {
  const auto in_range = [&](std::int64_t source) {
    return source == Dependence::nothing || (source >= 0 && source < from);
  };
  switch (dependence.kind()) {
    case Dependence::Kind::same:
      return from == to;
    case Dependence::Kind::one:
      return static_cast<std::int64_t>(dependence.sources().size()) == to &&
             std::ranges::all_of(dependence.sources(), in_range);
    case Dependence::Kind::some:
      return dependence.pattern().rows() == to && dependence.pattern().columns() == from;
    default:
      return true;
  }
}

/// Propagates index sets from the xs to the ys.
class PatternSearch {
 public:
  PatternSearch(GraphData& graph, std::span<const Seeded> ys, std::span<const Value> xs)
      : graph_(graph), paths_(graph, ys, xs), sets_(paths_.slots()) {
    columns_ = total_elements(xs);
    own_.resize(paths_.slots());
    std::int64_t first = 0;
    for (std::size_t i = 0; i < xs.size(); first += xs[i++].size()) {
      if (paths_.x_slot(i) == Paths::none) continue;
      IndexSetsPtr& own = own_[paths_.x_slot(i)];
      SetUnion sets(xs[i].size(), columns_);  // an x may be given twice
      sets.add(Dependence::same(), own);
      sets.add(Dependence::same(),
               std::make_shared<const IndexSets>(IndexSets::identity(first, xs[i].size())));
      own = sets.result();
    }
  }

  void run() {
    for (std::size_t number = 0; number < paths_.nodes().size(); ++number)
      for (std::uint32_t slot = paths_.first_slot(number); slot < paths_.first_slot(number + 1);
           ++slot)
        sets_[slot] = found(number, slot - paths_.first_slot(number), own_[slot]);
  }
  const Paths& paths() const { return paths_; }
  /// Null if the i-th y does not depend on an x.
  const IndexSets* of_y(std::size_t i) const { return sets_[paths_.y_slot(i)].get(); }
  std::int64_t columns() const { return columns_; }

 private:
  IndexSetsPtr found(std::size_t number, std::uint32_t port, const IndexSetsPtr& own) {
    const std::uint32_t node = paths_.nodes()[number];
    graph_.result_types(node, out_);
    if (!paths_.on_path(number) || !is_float(out_[port].dtype)) return own;
    const auto operands = graph_.operands(node);
    graph_.operand_types(node, in_);
    constants_.clear();
    for (const Edge& edge : operands)
      constants_.push_back(graph_.kind(edge.node) == NodeKind::constant ? &graph_.tensor(edge.node)
                                                                        : nullptr);
    SetUnion sets(out_[port].elements(), columns_);
    if (own) sets.add(Dependence::same(), own);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const std::uint32_t target = paths_.target(number, i);
      if (target == Paths::none || !sets_[target] || !is_float(in_[i].dtype)) continue;
      const Op& op = graph_.op(node);
      Dependence dependence = op->pattern({op, in_, out_, port, i, constants_});
      if (!fits(dependence, in_[i].elements(), out_[port].elements()))
        throw GradientError("the pattern of '" + std::string(op.name()) + "' for result " +
                            std::to_string(port) + ", " + to_string(out_[port]) + ", and operand " +
                            std::to_string(i) + ", " + to_string(in_[i]) +
                            ", has another size\n  " + place(graph_, node));
      sets.add(std::move(dependence), sets_[target]);
    }
    return sets.result();
  }

  GraphView graph_;
  Paths paths_;
  std::vector<IndexSetsPtr> own_, sets_;  ///< by slot: of the x that it is; of its elements
  std::int64_t columns_ = 0;
  std::vector<Type> in_, out_;
  std::vector<const Tensor*> constants_;
};

/// Whether every element of every y depends on every element of the xs.
bool is_dense(const PatternSearch& search, std::size_t ys) {
  for (std::size_t i = 0; i < ys; ++i) {
    const IndexSets* const sets = search.of_y(i);
    if (!sets || !sets->uniform() || static_cast<std::int64_t>(sets->size()) != search.columns())
      return false;
  }
  return true;
}

}  // namespace

std::int64_t total_elements(std::span<const Value> values) {
  std::int64_t elements = 0;
  for (const Value& value : values) elements += value.size();
  return elements;
}

std::optional<SparsityPattern> find_pattern(std::string_view function, std::span<const Value> ys,
                                            std::span<const Value> xs, Unconnected unconnected,
                                            bool unless_dense) {
  std::vector<Seeded> targets;
  for (const Value& y : ys) targets.push_back({y});
  PatternSearch search(Access::data(ys.front()), targets, xs);
  if (unconnected == Unconnected::error) check_connected(function, search.paths(), ys, xs);
  try {
    search.run();
  } catch (const ArgumentError& e) {
    throw ArgumentError(std::string(function) + ": " + e.what());
  }
  if (unless_dense && is_dense(search, ys.size())) return std::nullopt;
  SparsityPattern pattern(0, search.columns());
  for (std::size_t i = 0; i < ys.size(); ++i)
    for (std::int64_t element = 0; element < ys[i].size(); ++element)
      pattern.append_row(search.of_y(i) ? search.of_y(i)->of(element)
                                        : std::span<const SparsityPattern::Index>());
  return pattern;
}

}  // namespace detail

SparsityPattern jacobian_pattern(ValueSpan ys, ValueSpan xs, Unconnected unconnected,
                                 Location where) {
  return detail::told_at(where, [&] {
    detail::checked_graph("jacobian_pattern", ys, xs);
    detail::check_any("jacobian_pattern", xs.size(), "x");
    return *detail::find_pattern("jacobian_pattern", ys, xs, unconnected);
  });
}

SparsityPattern hessian_pattern(const Value& y, ValueSpan xs, Unconnected unconnected,
                                Location where) {
  return detail::told_at(where, [&] {
    detail::checked_graph("hessian_pattern", {&y, 1}, xs);
    detail::check_any("hessian_pattern", xs.size(), "x");
    std::vector<Value> outputs(xs.begin(), xs.end());
    outputs.push_back(y);
    const Rewritten copy = extract(outputs);
    const Seeded target{copy.mapping(y)};
    const std::vector<Value> copied = copy.mapping(xs);
    const std::vector<Value> slopes =
        detail::reverse_mode("hessian_pattern", {&target, 1}, copied, unconnected, {});
    return *detail::find_pattern("hessian_pattern", slopes, copied, Unconnected::zeros);
  });
}

}  // namespace dagrad
