#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/instruction_set.hpp"
#include "dagrad/program.hpp"

namespace dagrad::detail {

/// Assembles the code of a LoopEntry, which is position-independent and runs a lowered program over
/// arrays. Input i is dense (`in_step[i]` is 1) or a single element (0). The code never touches
/// memory beyond the elements. Empty if too many values are live at once. Code for a pair of
/// vectors
/// (`is_pair`) serves only so many elements.
std::vector<std::uint8_t> assemble(const Program& program, std::span<const std::int64_t> in_step,
                                   InstructionSet set, std::int64_t elements);

}  // namespace dagrad::detail
