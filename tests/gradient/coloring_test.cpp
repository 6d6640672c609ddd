#include "src/gradient/coloring.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "dagrad/random.hpp"
#include "tests/band.hpp"

namespace dagrad::detail {
namespace {

using Entries = std::vector<std::pair<std::int64_t, std::int64_t>>;

SparsityPattern arrow(std::int64_t n) {
  Entries entries;
  for (std::int64_t i = 0; i < n; ++i) {
    entries.emplace_back(0, i);
    entries.emplace_back(i, 0);
    entries.emplace_back(i, i);
  }
  return {n, n, entries};
}

SparsityPattern random_pattern(Rng& rng, bool symmetric) {
  const std::int64_t rows = rng.integer(0, 15), columns = symmetric ? rows : rng.integer(0, 15);
  const double density = rng.number(0, 0.6);
  Entries entries;
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = symmetric ? i : 0; j < columns; ++j) {
      if (rng.number() >= density) continue;
      entries.emplace_back(i, j);
      if (symmetric) entries.emplace_back(j, i);
    }
  return {rows, columns, entries};
}

/// Whether each entry is alone in its row among the columns of its colour or, if it is taken from a
/// sum of rows, alone in its column among the rows of its colour.
bool recovers(const SparsityPattern& pattern, const Bicoloring& both) {
  std::map<std::pair<std::int64_t, std::int32_t>, int> in_row, in_column;
  for (std::int64_t i = 0; i < pattern.rows(); ++i)
    for (const auto j : pattern.row(i)) {
      ++in_row[{i, both.columns.colors[static_cast<std::size_t>(j)]}];
      ++in_column[{j, both.rows.colors[static_cast<std::size_t>(i)]}];
    }
  for (std::int64_t i = 0; i < pattern.rows(); ++i)
    for (const auto j : pattern.row(i)) {
      const auto row = both.rows.colors[static_cast<std::size_t>(i)];
      const auto column = both.columns.colors[static_cast<std::size_t>(j)];
      const bool by_row = both.columns_first ? column == Coloring::none : row != Coloring::none;
      if (by_row ? row == Coloring::none || in_column[{j, row}] != 1
                 : column == Coloring::none || in_row[{i, column}] != 1)
        return false;
    }
  return true;
}

/// Whether each entry or the one across the diagonal is alone in its row among the columns of its
/// colour.
bool recovers(const SparsityPattern& pattern, const Coloring& star) {
  const auto alone = [&](std::int64_t i, std::int64_t j) {
    int same = 0;
    for (const auto k : pattern.row(i))
      same += star.colors[static_cast<std::size_t>(k)] == star.colors[static_cast<std::size_t>(j)];
    return same == 1;
  };
  for (std::int64_t i = 0; i < pattern.rows(); ++i)
    for (const auto j : pattern.row(i))
      if (!alone(i, j) && !alone(j, i)) return false;
  return true;
}

TEST(Colorings, OfBandsAreAsWideAsTheBand) {
  for (const std::int64_t n : {1, 2, 3, 10, 1000}) {
    EXPECT_EQ(color_columns(band(n, 1)).count, std::min<std::int64_t>(n, 3)) << n;
    EXPECT_EQ(color_both(band(n, 1)).count(), std::min<std::int64_t>(n, 3)) << n;
  }
  for (const auto& [n, colors] : Entries{{1, 1}, {2, 2}, {3, 2}, {4, 3}, {10, 3}, {1000, 3}})
    EXPECT_EQ(color_symmetric(band(n, 1)).count, colors) << n;
  EXPECT_EQ(color_columns(band(100, 3)).count, 7);
  EXPECT_EQ(color_columns(band(100, 0)).count, 1);
}

TEST(Colorings, OfAnArrowSeparateTheDenseRow) {
  const Bicoloring both = color_both(arrow(1000));
  EXPECT_EQ(both.rows.count, 1);
  EXPECT_EQ(both.columns.count, 2);
  EXPECT_TRUE(recovers(arrow(1000), both));
  EXPECT_EQ(color_columns(arrow(1000)).count, 1000);
  EXPECT_EQ(color_symmetric(arrow(1000)).count, 2);
  EXPECT_TRUE(recovers(arrow(1000), color_symmetric(arrow(1000))));
}

TEST(Colorings, OfLargeArrowsAreQuick) {
  EXPECT_EQ(color_both(arrow(200'000)).count(), 3);
  EXPECT_EQ(color_symmetric(arrow(200'000)).count, 2);
}

TEST(Colorings, OfNothingHaveNoColors) {
  for (const auto& [rows, columns] : Entries{{0, 0}, {3, 0}, {0, 3}, {3, 3}}) {
    const SparsityPattern empty(rows, columns);
    EXPECT_EQ(color_both(empty).count(), 0);
    EXPECT_EQ(color_columns(empty).count, 0);
  }
  EXPECT_EQ(color_symmetric(SparsityPattern(4, 4)).count, 0);
}

TEST(Colorings, RecoverRandomPatterns) {
  Rng rng(3);
  for (int i = 0; i < 3000; ++i) {
    const SparsityPattern pattern = random_pattern(rng, false);
    ASSERT_TRUE(recovers(pattern, color_both(pattern))) << i;
    ASSERT_TRUE(recovers(pattern, by_columns(pattern))) << i;
    ASSERT_TRUE(recovers(pattern, by_rows(pattern))) << i;
    ASSERT_LE(color_both(pattern).count(), by_columns(pattern).count()) << i;
    const SparsityPattern symmetric = random_pattern(rng, true);
    ASSERT_TRUE(recovers(symmetric, color_symmetric(symmetric))) << i;
  }
}

TEST(Colorings, WithAColorUsedTwiceAreNoticed) {
  const SparsityPattern pattern = band(6, 1);
  Bicoloring both = by_columns(pattern);
  both.columns.colors[2] = both.columns.colors[1];
  EXPECT_FALSE(recovers(pattern, both));
  Coloring star = color_symmetric(pattern);
  star.colors[3] = star.colors[1], star.colors[2] = star.colors[0];
  EXPECT_FALSE(recovers(pattern, star));
}

}  // namespace
}  // namespace dagrad::detail
