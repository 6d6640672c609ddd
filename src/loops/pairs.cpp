#include "src/loops/pairs.hpp"

#include <algorithm>

#include "dagrad/dtype.hpp"

namespace dagrad::detail {

namespace {

/// Whether a step needs more registers for bools than half of them: for two operands and a result.
bool joins_bools(const Program& program, const Instruction& step) {
  const auto is_bool = [&](std::uint32_t operand) {
    return operand != Instruction::none && program.steps[operand].dtype == b8;
  };
  return is_bool(step.a) && is_bool(step.b);
}

}  // namespace

int lane_bytes(const Program& lowered) {
  const auto is_wide = [](const Instruction& step) { return size_of(step.dtype) == 8; };
  return std::ranges::any_of(lowered.steps, is_wide) ? 8 : 4;
}

bool is_pair(const Program& lowered, std::int64_t elements, InstructionSet set) {
  constexpr int vector_bytes = 64;
  if (set != InstructionSet::avx512 || elements > vector_bytes / 2) return false;
  const int lanes = vector_bytes / lane_bytes(lowered);
  return elements > lanes && elements <= 2 * lanes &&
         std::ranges::none_of(lowered.steps,
                              [&](const Instruction& step) { return joins_bools(lowered, step); });
}

}  // namespace dagrad::detail
