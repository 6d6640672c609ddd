#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "src/exec/lifetimes.hpp"
#include "src/exec/plan.hpp"
#include "src/inspect/joint_loop.hpp"
#include "src/inspect/step_formula.hpp"

namespace dagrad::detail {

/// Finds out why values of a plan go through memory. The passes do not note what they leave apart;
/// so this asks about two steps of the plan what the passes ask about nodes.
class WhyApart {
 public:
  WhyApart(const Plan& plan, const Lifetimes& lifetimes);

  /// Why the step that writes a result and one that reads it are not one. Empty if no pass joins
  /// steps of these kinds.
  std::optional<std::string> operator()(std::uint32_t from, std::size_t result,
                                        std::uint32_t to) const;

 private:
  /// A result and a step that reads it.
  struct Pair {
    std::uint32_t from;
    std::uint32_t slot;
    const Type& type;  ///< of the result
    std::uint32_t to;
  };

  const Kernel& kernel(std::uint32_t step) const { return plan_.kernel_of(plan_.steps[step]); }
  const Op& op(std::uint32_t step) const { return kernel(step).op(); }
  std::string name(std::uint32_t step) const { return plan_.origins.name(step); }
  bool is_requested(std::uint32_t slot) const { return requested_.contains(slot); }

  std::string not_run(std::string_view pass) const;
  std::string runs_alone(std::uint32_t step) const;

  std::string why_no_loop(const Pair& pair) const;
  std::string why_no_sum(const Pair& pair) const;
  std::string why_no_epilogue(const Pair& pair) const;
  std::string why_no_window(const Pair& pair) const;
  std::string why_no_tile(const Pair& pair) const;

  const Plan& plan_;
  const Lifetimes& lifetimes_;
  std::vector<StepFormula> formulas_;            ///< by step
  std::unordered_set<std::uint32_t> requested_;  ///< slots of fetches and updates
  std::optional<JointLoop> joint_;
};

}  // namespace dagrad::detail
