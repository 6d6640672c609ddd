#pragma once

#include <cstdint>
#include <vector>

#include "dagrad/instruction_set.hpp"
#include "dagrad/program.hpp"
#include "src/loops/loop_spec.hpp"

namespace dagrad::detail {

/// Assembles the code of a LoopEntry, which is position-independent and runs a lowered program over
/// arrays. The code never touches memory beyond the elements. Empty if too many values are live at
/// once.
std::vector<std::uint8_t> assemble(const Program& program, const LoopSpec& spec,
                                   InstructionSet set);

}  // namespace dagrad::detail
