#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "src/exec/lifetimes.hpp"
#include "src/exec/plan.hpp"
#include "src/inspect/step_formula.hpp"

namespace dagrad::detail {

/// What would become of steps of a plan if their formulas were one loop.
class JointLoop {
 public:
  JointLoop(const Plan& plan, const Lifetimes& lifetimes, const std::vector<StepFormula>& formulas,
            const std::unordered_set<std::uint32_t>& requested);

  /// A step by way of which `to` needs `from` and which could not be part of their loop. Empty,
  /// too, if it is not found among the steps next to them.
  std::optional<std::uint32_t> circle(std::uint32_t from, std::uint32_t to) const;
  /// What a loop of a step and of those that it reads and fits with would have too much of; empty
  /// if it keeps to the limits.
  std::string excess(std::uint32_t step) const;
  /// The last step that `to` waits for, besides `from`, and that could not be part of its loop.
  std::optional<std::uint32_t> awaited(std::uint32_t from, std::uint32_t to) const;

 private:
  /// Calls `visit` with each step of whose results the elements are read by a step.
  template <class Visit>
  void each_producer(std::uint32_t step, const Visit& visit) const {
    for (const std::uint32_t slot : plan_.operands_of(plan_.steps[step]))
      if (slot != no_slot && lifetimes_.producer(slot) != no_step) visit(lifetimes_.producer(slot));
  }
  bool fit(std::uint32_t a, std::uint32_t b) const {
    return detail::fit(formulas_[a], formulas_[b]);
  }

  const Plan& plan_;
  const Lifetimes& lifetimes_;
  const std::vector<StepFormula>& formulas_;
  const std::unordered_set<std::uint32_t>& requested_;
  std::vector<std::uint32_t> level_;  ///< by step: the most operands on a way to it that do not fit
};

}  // namespace dagrad::detail
