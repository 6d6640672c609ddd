#pragma once

#include <cstdint>

#include "dagrad/instruction_set.hpp"
#include "dagrad/program.hpp"

namespace dagrad::detail {

/// Size of the widest dtype in bytes, which is the width of a lane.
int lane_bytes(const Program& lowered);

/// Whether so many elements are computed as two vectors side by side, the second of which ends with
/// the last element: if they fill more than one vector, but no more than two, and two vectors can
/// share the registers.
bool is_pair(const Program& lowered, std::int64_t elements, InstructionSet set);

}  // namespace dagrad::detail
