#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// The vectors that the steps and the outputs of a program belong to, if it computes several.
struct VectorsOf {
  std::span<const std::uint8_t> steps, outputs;
  std::size_t count = 1;
  std::uint8_t step(std::uint32_t i) const { return steps.empty() ? 0 : steps[i]; }
  std::uint8_t output(std::uint32_t i) const { return outputs.empty() ? 0 : outputs[i]; }
};

/// The times at which an iteration of a loop uses the values of its program. A value is identified
/// by its step, and steps serve as times. Storing an output is a use of its value.
///
/// Because an output may overwrite a dense input, nothing of a vector is stored before the last of
/// its dense inputs has been read.
class Liveness {
 public:
  Liveness(const Program& program, std::span<const std::int64_t> in_step, VectorsOf vectors = {});

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

  /// The time at which all dense inputs of the output's vector have been read and its stores may
  /// begin.
  std::uint32_t first_store(std::uint32_t output) const {
    return first_store_[vectors_.output(output)];
  }
  std::uint32_t store_time(std::uint32_t output) const {
    return std::max(first_store(output), program_.outputs[output]);
  }
  /// The outputs in the order of their stores.
  std::span<const std::uint32_t> stores() const { return stores_; }

  /// By time: the number of values with `counts(step)` that are live, without invariants.
  template <class F>
  std::vector<int> live(F&& counts) const {
    std::vector<int> change(uses_.size() + 1);
    for (std::uint32_t step = 0; step < uses_.size(); ++step) {
      if (!is_used(step) || is_invariant(step) || !counts(step)) continue;
      ++change[is_leaf(step) ? uses_[step].front() : step];
      --change[uses_[step].back() + 1];
    }
    std::partial_sum(change.begin(), change.end(), change.begin());
    return change;
  }

 private:
  void find_reads();
  void order_stores();

  const Program& program_;
  std::span<const std::int64_t> in_step_;
  const VectorsOf vectors_;
  std::vector<std::vector<std::uint32_t>> uses_;
  std::vector<std::uint32_t> stores_;
  std::vector<std::uint32_t> first_store_;  ///< by vector
};

}  // namespace dagrad::detail
