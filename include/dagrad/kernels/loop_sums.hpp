#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dagrad/config.hpp"

namespace dagrad::kernels {

/// How a loop adds up results instead of storing them. It works on four parts side by side, and
/// adds (a + b) + (c + d) of their elements to numbers in memory, the lanes: those of `Sum`, whose
/// order of additions this is. Sums are of float32 or float64. Which elements belong to a part, and
/// to which lane, depends on `lanes`:
///
/// - 0: parts are rows of n elements, one below the other. Element i of each row is added to
///   lane i. With `parts` = 1, there is a single row.
/// - more, a multiple of the elements of a vector: there is one row, whose element i is added to
///   lane i modulo `lanes`. Four times `lanes` elements are added together; those that remain at
///   the end are added one by one.
struct LoopSums {
  std::vector<bool> summed;             ///< by result
  std::vector<std::int64_t> row_steps;  ///< by input: elements from one row to the next
  std::int64_t row_size = 0;            ///< the same for results that are stored
  std::int64_t lanes = 0;
  int parts = 4;
  /// By input: elements from the row or the rows that are computed together to the next ones; and
  /// the same for results that are stored. The lanes of the next row follow if `lanes` is not 0,
  /// and are the same otherwise.
  std::vector<std::int64_t> next_steps;
  std::int64_t next_size = 0;
  static constexpr std::size_t most = 8;  ///< results that are summed
};

}  // namespace dagrad::kernels
