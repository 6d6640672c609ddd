#include "src/gradient/coloring.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

namespace dagrad::detail {

namespace {

using Index = SparsityPattern::Index;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

std::int64_t count(const SparsityPattern& pattern, std::int64_t row) {
  return static_cast<std::int64_t>(pattern.row(row).size());
}

std::int64_t most_in_a_row(const SparsityPattern& pattern) {
  std::int64_t most = 0;
  for (std::int64_t row = 0; row < pattern.rows(); ++row)
    most = std::max(most, count(pattern, row));
  return most;
}

/// The rows, those with the most entries first, and those with equally many in their order.
std::vector<Index> largest_first(const SparsityPattern& pattern) {
  const std::int64_t most = most_in_a_row(pattern);
  std::vector<std::size_t> next(at(most + 1));  // by how many entries fewer than most a row has
  for (std::int64_t row = 0; row < pattern.rows(); ++row) ++next[at(most - count(pattern, row))];
  std::exclusive_scan(next.begin(), next.end(), next.begin(), std::size_t{0});
  std::vector<Index> rows(at(pattern.rows()));
  for (std::int64_t row = 0; row < pattern.rows(); ++row)
    rows[next[at(most - count(pattern, row))]++] = static_cast<Index>(row);
  return rows;
}

/// The smallest colour that no call of `forbid` since the last one has excluded.
class ColorChoice {
 public:
  void forbid(std::int32_t color) {
    if (color == Coloring::none) return;
    if (at(color) >= forbidden_.size()) forbidden_.resize(at(color) + 1);
    forbidden_[at(color)] = choices_;
  }
  std::int32_t take() {
    std::int32_t color = 0;
    while (at(color) < forbidden_.size() && forbidden_[at(color)] == choices_) ++color;
    ++choices_;
    return color;
  }

 private:
  std::vector<std::uint32_t> forbidden_;  ///< by colour: the last choice that excludes it
  std::uint32_t choices_ = 1;
};

void assign(Coloring& coloring, std::int64_t vertex, std::int32_t color) {
  coloring.colors[at(vertex)] = color;
  coloring.count = std::max(coloring.count, color + 1);
}

/// Colours columns greedily, in an order, with respect to some rows. Columns without entries in
/// these get no colour.
Coloring color_greedily(const SparsityPattern& pattern, const SparsityPattern& by_column,
                        std::span<const Index> order, const std::vector<bool>& ignored_rows) {
  Coloring coloring{std::vector<std::int32_t>(at(pattern.columns()), Coloring::none)};
  ColorChoice choice;
  for (const Index column : order) {
    bool any = false;
    for (const Index row : by_column.row(column)) {
      if (ignored_rows[at(row)]) continue;
      any = true;
      for (const Index other : pattern.row(row)) choice.forbid(coloring.colors[at(other)]);
    }
    if (any) assign(coloring, column, choice.take());
  }
  return coloring;
}

/// Beyond this, each column has a colour of its own: a matrix so full gains little from fewer.
constexpr double most_work = 1 << 28;

/// The better of two orders: as the columns are, which is best for bands, and the largest first.
Coloring color_rest(const SparsityPattern& pattern, const SparsityPattern& by_column,
                    const std::vector<bool>& ignored_rows) {
  std::int64_t least = 0;
  double work = 0;
  for (std::int64_t row = 0; row < pattern.rows(); ++row) {
    if (ignored_rows[at(row)]) continue;
    const std::int64_t entries = count(pattern, row);
    least = std::max(least, entries);
    work += static_cast<double>(entries) * static_cast<double>(entries);
  }
  std::vector<Index> order(at(pattern.columns()));
  std::iota(order.begin(), order.end(), 0);
  if (work > most_work) return {order, static_cast<std::int32_t>(order.size())};
  Coloring natural = color_greedily(pattern, by_column, order, ignored_rows);
  if (natural.count <= least) return natural;
  Coloring sorted = color_greedily(pattern, by_column, largest_first(by_column), ignored_rows);
  return sorted.count < natural.count ? sorted : natural;
}

/// How many of the rows with the most entries to colour as rows, so that their number and the most
/// entries of any other row are least together. The latter is a bound for the colours of columns.
std::int64_t rows_apart(const SparsityPattern& pattern, std::span<const Index> sorted) {
  std::int64_t best = 0, least = sorted.empty() ? 0 : count(pattern, sorted[0]);
  for (std::int64_t apart = 1; apart <= static_cast<std::int64_t>(sorted.size()); ++apart) {
    const bool all = apart == static_cast<std::int64_t>(sorted.size());
    const std::int64_t colors = apart + (all ? 0 : count(pattern, sorted[at(apart)]));
    if (colors < least) least = colors, best = apart;
  }
  return best;
}

/// Colours some of the rows as rows and the rest of the matrix by columns, if that may take fewer
/// than `most` colours.
std::optional<Bicoloring> color_apart(const SparsityPattern& pattern,
                                      const SparsityPattern& by_column, std::int64_t most) {
  const std::vector<Index> sorted = largest_first(pattern);
  const std::int64_t apart = rows_apart(pattern, sorted);
  if (apart == 0 && !sorted.empty() && count(pattern, sorted[0]) >= most) return {};
  std::vector<bool> is_apart(at(pattern.rows()));
  for (std::int64_t i = 0; i < apart; ++i) is_apart[at(sorted[at(i)])] = true;
  Bicoloring both;
  both.columns = color_rest(pattern, by_column, is_apart);
  const std::span<const Index> rows(sorted.data(), at(apart));
  both.rows =
      color_greedily(by_column, pattern, rows, std::vector<bool>(at(pattern.columns()), false));
  return both;
}

}  // namespace

Bicoloring by_columns(const SparsityPattern& pattern) {
  return {{std::vector<std::int32_t>(at(pattern.rows()), Coloring::none), 0},
          color_columns(pattern)};
}
Bicoloring by_rows(const SparsityPattern& pattern) {
  return {color_columns(pattern.transposed()),
          {std::vector<std::int32_t>(at(pattern.columns()), Coloring::none), 0}};
}

Coloring color_columns(const SparsityPattern& pattern) {
  return color_rest(pattern, pattern.transposed(), std::vector<bool>(at(pattern.rows()), false));
}

Bicoloring color_both(const SparsityPattern& pattern) {
  const SparsityPattern by_column = pattern.transposed();
  constexpr std::int64_t any_number = std::numeric_limits<std::int64_t>::max();
  Bicoloring best = *color_apart(pattern, by_column, any_number);
  const auto consider = [&](Bicoloring other) {
    if (other.count() < best.count()) best = std::move(other);
  };
  if (auto turned = color_apart(by_column, pattern, best.count()))
    consider({std::move(turned->columns), std::move(turned->rows), true});
  if (best.count() > most_in_a_row(pattern)) consider(by_columns(pattern));
  if (best.count() > most_in_a_row(by_column)) consider(by_rows(pattern));
  return best;
}

namespace {

/// Stars while they grow. The edges between two colours form stars, each with a hub; a single edge
/// has none yet.
class StarColoring {
 public:
  explicit StarColoring(const SparsityPattern& graph)
      : graph_(graph),
        coloring_{std::vector<std::int32_t>(at(graph.rows()), Coloring::none)},
        neighbors_(at(graph.rows())),
        hubs_(at(graph.rows())) {}

  Coloring run() && {
    for (const Index vertex : largest_first(graph_)) {
      if (graph_.row(vertex).empty()) continue;
      forbid(vertex);
      assign(coloring_, vertex, choice_.take());
      for (const Index other : graph_.row(vertex))
        if (other != vertex && color(other) != Coloring::none) connect(vertex, other);
    }
    return std::move(coloring_);
  }

 private:
  std::int32_t color(Index vertex) const { return coloring_.colors[at(vertex)]; }

  void forbid(Index vertex) {
    seen_.clear();
    for (const Index other : graph_.row(vertex)) {
      if (other == vertex || color(other) == Coloring::none) continue;
      choice_.forbid(color(other));
      for (const Index hub : hubs_[at(other)]) choice_.forbid(color(hub));
      // Two neighbours of one colour make the vertex a hub, so theirs must have other colours.
      const auto [first, is_new] = seen_.emplace(color(other), other);
      if (is_new) continue;
      forbid_neighbors(other);
      if (first->second != other) forbid_neighbors(std::exchange(first->second, other));
    }
  }
  void forbid_neighbors(Index vertex) {
    for (const Index other : graph_.row(vertex)) choice_.forbid(color(other));
  }

  /// Adds the edge to the stars of both ends; a second neighbour of a colour makes a hub.
  void connect(Index vertex, Index other) {
    extend(vertex, other);
    extend(other, vertex);
  }
  void extend(Index hub, Index leaf) {
    const auto [first, is_new] = neighbors_[at(hub)].emplace(color(leaf), leaf);
    if (is_new) return;
    if (first->second != hub) hubs_[at(std::exchange(first->second, hub))].push_back(hub);
    hubs_[at(leaf)].push_back(hub);
  }

  const SparsityPattern& graph_;
  Coloring coloring_;
  ColorChoice choice_;
  /// By vertex and colour: its only neighbour of that colour, or itself if there are several.
  std::vector<std::unordered_map<std::int32_t, Index>> neighbors_;
  std::vector<std::vector<Index>> hubs_;  ///< by vertex: the hubs of the stars that it is a leaf of
  std::unordered_map<std::int32_t, Index> seen_;
};

}  // namespace

Coloring color_symmetric(const SparsityPattern& pattern) { return StarColoring(pattern).run(); }

}  // namespace dagrad::detail
