#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// The elementwise formula of a step, and what it is computed together with.
struct StepFormula {
  enum class With : std::uint8_t { none, alone, sums, product, windows };
  With with = With::none;  ///< `none` if the step has no formula
  ProgramPtr program;
  Shape shape;                          ///< in which it is computed
  std::vector<std::uint32_t> operands;  ///< slots of those whose elements it reads
  bool flat = false;                    ///< whether it does not repeat operands, except for numbers

  explicit operator bool() const { return with != With::none; }
  bool reads(std::uint32_t slot) const;
};

StepFormula formula_of(const Plan& plan, const Step& step);
/// Whether the pass `fuse` can make one loop of both.
bool fit(const StepFormula& a, const StepFormula& b);

}  // namespace dagrad::detail
