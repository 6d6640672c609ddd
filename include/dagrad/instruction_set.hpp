#pragma once

#include <cstdint>
#include <string_view>

#include "dagrad/config.hpp"

namespace dagrad {

/// The instructions that assembled loops and kernels use. `plain` means that loops are interpreted,
/// functions are those of libm, and kernels run on any processor.
enum class InstructionSet : std::uint8_t { plain, avx2, avx512 };

std::string_view name(InstructionSet set);
/// Whether this machine and this build can run it.
bool available(InstructionSet set);
/// The best available instruction set, unless the environment variable DAGRAD_INSTRUCTION_SET names
/// another available one (plain, avx2 or avx512).
InstructionSet best_instruction_set();

}  // namespace dagrad
