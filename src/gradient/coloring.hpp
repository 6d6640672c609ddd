#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/pattern.hpp"

namespace dagrad::detail {

/// Colours from 0 on, `none` for what needs none.
struct Coloring {
  static constexpr std::int32_t none = -1;
  std::vector<std::int32_t> colors;
  std::int32_t count = 0;
};

/// Colours the columns so that no two columns of one colour have an entry in the same row. The sum
/// of the columns of a colour then has all their entries.
Coloring color_columns(const SparsityPattern& pattern);

/// Rows and columns whose sums together have all entries of a matrix. The entries of coloured rows
/// are in sums of rows, and all others in sums of columns; the other way round if `columns_first`.
struct Bicoloring {
  Coloring rows, columns;
  bool columns_first = false;
  std::int32_t count() const { return rows.count + columns.count; }
};

/// The one with the fewest colours among a colouring of the columns, one of the rows, and those of
/// both in which the rows or columns with the most entries are coloured apart from the rest.
Bicoloring color_both(const SparsityPattern& pattern);
/// With columns or rows only.
Bicoloring by_columns(const SparsityPattern& pattern);
Bicoloring by_rows(const SparsityPattern& pattern);

/// A star colouring of a symmetric pattern: neighbours differ in colour, and any path of four
/// vertices has at least three colours. Each entry, or the one across the diagonal, is then alone
/// in the sum of the columns of its colour (Coleman and Moré, 1984).
Coloring color_symmetric(const SparsityPattern& pattern);

}  // namespace dagrad::detail
