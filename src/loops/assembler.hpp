#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/instruction_set.hpp"
#include "dagrad/program.hpp"

namespace dagrad::detail {

/// Machine code that runs a lowered program over arrays: a LoopEntry, wherever it is put. Input i
/// is dense (`in_step[i]` is 1) or one element (0). Memory beyond the elements is never touched.
/// Empty where too many values live at once.
std::vector<std::uint8_t> assemble(const Program& program, std::span<const std::int64_t> in_step,
                                   InstructionSet set);

}  // namespace dagrad::detail
