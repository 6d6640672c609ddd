#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// The times at which an iteration of a loop uses the values of its program. A value is identified
/// by its step, and steps serve as times. Storing an output is a use of its value.
///
/// Because an output may overwrite a dense input, nothing is stored before the last dense input has
/// been read.
class Liveness {
 public:
  Liveness(const Program& program, std::span<const std::int64_t> in_step);

  /// The times at which a value is used, in order.
  std::span<const std::uint32_t> uses(std::uint32_t step) const { return uses_[step]; }
  bool is_used(std::uint32_t step) const { return !uses_[step].empty(); }

  /// Whether it is an input or constant, which lies in memory.
  bool is_leaf(std::uint32_t step) const {
    return program_.steps[step].primitive <= Primitive::constant;
  }
  /// Whether it is an input of which each iteration reads different elements.
  bool is_dense(std::uint32_t step) const {
    const Instruction& at = program_.steps[step];
    return at.primitive == Primitive::input && in_step_[at.data] != 0;
  }
  /// Whether it is a leaf that is the same in every iteration.
  bool is_invariant(std::uint32_t step) const { return is_leaf(step) && !is_dense(step); }

  /// The time at which all dense inputs have been read and stores may begin.
  std::uint32_t first_store() const { return first_store_; }
  std::uint32_t store_time(std::uint32_t output) const {
    return std::max(first_store_, program_.outputs[output]);
  }
  /// The outputs in the order of their stores.
  std::span<const std::uint32_t> stores() const { return stores_; }

  /// The largest number of values with `counts(step)` that are live at once, without invariants.
  template <class F>
  std::size_t pressure(F&& counts) const {
    std::vector<int> change(uses_.size() + 1);
    for (std::uint32_t step = 0; step < uses_.size(); ++step) {
      if (!is_used(step) || is_invariant(step) || !counts(step)) continue;
      ++change[is_leaf(step) ? uses_[step].front() : step];
      --change[uses_[step].back() + 1];
    }
    std::partial_sum(change.begin(), change.end(), change.begin());
    return static_cast<std::size_t>(*std::max_element(change.begin(), change.end()));
  }

 private:
  void find_reads();
  void order_stores();

  const Program& program_;
  std::span<const std::int64_t> in_step_;
  std::vector<std::vector<std::uint32_t>> uses_;
  std::vector<std::uint32_t> stores_;
  std::uint32_t first_store_ = 0;
};

}  // namespace dagrad::detail
