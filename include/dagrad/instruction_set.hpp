#pragma once

#include <cstdint>
#include <string_view>

#include "dagrad/config.hpp"

namespace dagrad {

/// What loops are assembled for, and which code kernels have for them. `plain`: no assembler,
/// libm's functions, kernels for any processor.
enum class InstructionSet : std::uint8_t { plain, avx2, avx512 };

std::string_view name(InstructionSet set);
/// Whether this machine and this build can run it.
bool available(InstructionSet set);
/// The best available one, or the one that the environment variable DAGRAD_INSTRUCTION_SET names
/// (plain, avx2, avx512) where it is available.
InstructionSet best_instruction_set();

}  // namespace dagrad
