#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dagrad/kernels/loop_sums.hpp"

namespace dagrad::detail {

/// What a loop does besides its program.
struct LoopSpec {
  std::vector<std::int64_t> in_step;  ///< by input: 1 if it is dense, 0 if it is a single element
  std::int64_t elements = 0;          ///< of a pair of vectors (`is_pair`), or 0 for any number
  kernels::LoopSums sums{};

  bool has_sums() const { return !sums.summed.empty(); }
  bool is_summed(std::size_t output) const { return has_sums() && sums.summed[output]; }
  /// Elements from what is stored or added of a result to what comes next.
  std::int64_t next(std::size_t output) const {
    return is_summed(output) ? sums.lanes : sums.next_size;
  }
  /// Whether four parts are added together.
  bool has_parts() const { return has_sums() && sums.parts == 4; }
  /// Whether these are rows, one below the other.
  bool has_rows() const { return has_parts() && sums.lanes == 0; }
};

}  // namespace dagrad::detail
