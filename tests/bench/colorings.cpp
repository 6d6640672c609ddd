// Our colourings of columns, compared with Boost's sequential_vertex_coloring on the graph of the
// columns that have an entry in the same row.
#include <algorithm>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/sequential_vertex_coloring.hpp>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "src/gradient/coloring.hpp"
#include "tests/band.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

using Entries = std::vector<std::pair<std::int64_t, std::int64_t>>;

/// Each element of a grid with its four neighbours.
SparsityPattern grid(std::int64_t side) {
  Entries entries;
  for (std::int64_t i = 0; i < side * side; ++i) {
    entries.emplace_back(i, i);
    for (const auto& [other, near] : {std::pair{i - 1, i % side > 0},
                                      {i + 1, (i + 1) % side > 0},
                                      {i - side, i >= side},
                                      {i + side, i + side < side * side}})
      if (near) entries.emplace_back(i, other);
  }
  return {side * side, side * side, entries};
}

SparsityPattern random_rows(std::int64_t n, int in_row) {
  Rng rng(1);
  Entries entries;
  for (std::int64_t i = 0; i < n; ++i)
    for (int k = 0; k < in_row; ++k) entries.emplace_back(i, rng.integer(0, n));
  return {n, n, entries};
}

struct Colored {
  std::int32_t colors;
  double ms;
};

/// In the order of the columns, as Boost does by default. The graph belongs to the time: a pattern
/// is all that is given.
Colored by_boost(const SparsityPattern& pattern) {
  using Graph = boost::compressed_sparse_row_graph<boost::directedS>;
  const double begin = now();
  Entries edges;
  for (std::int64_t row = 0; row < pattern.rows(); ++row)
    for (const auto a : pattern.row(row))
      for (const auto b : pattern.row(row))
        if (a != b) edges.emplace_back(a, b);
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  const auto n = static_cast<std::size_t>(pattern.columns());
  const Graph graph(boost::edges_are_sorted, edges.begin(), edges.end(), n);
  std::vector<std::size_t> colors(n);
  const auto count = boost::sequential_vertex_coloring(
      graph, boost::make_iterator_property_map(colors.begin(), get(boost::vertex_index, graph)));
  return {static_cast<std::int32_t>(count), 1e3 * (now() - begin)};
}

Colored by_ours(const SparsityPattern& pattern) {
  const double begin = now();
  const std::int32_t count = detail::color_columns(pattern).count;
  return {count, 1e3 * (now() - begin)};
}

void show(const Settings& settings, const std::string& what, const SparsityPattern& pattern) {
  Colored ours = by_ours(pattern), boosts = by_boost(pattern);
  for (int i = 0; i < 3; ++i) {
    ours.ms = std::min(ours.ms, by_ours(pattern).ms);
    boosts.ms = std::min(boosts.ms, by_boost(pattern).ms);
  }
  print(settings, "colorings", what, "ms", ours.ms);
  print(settings, "colorings", what, "ms", boosts.ms, "Boost");
  print(settings, "colorings", what + ", colours", "colours", ours.colors);
  print(settings, "colorings", what + ", colours", "colours", boosts.colors, "Boost");
}

}  // namespace

void colorings(const Settings& settings) {
  show(settings, "tridiagonal, n=100000", band(100'000, 1));
  show(settings, "21 diagonals, n=100000", band(100'000, 10));
  show(settings, "five-point stencil, 300 x 300", grid(300));
  show(settings, "5 random entries in a row, n=20000", random_rows(20'000, 5));
}

}  // namespace dagrad::bench
