#pragma once

#include <memory>

#include "dagrad/instruction_set.hpp"
#include "src/loops/emitter.hpp"

namespace dagrad::detail {

/// The emitter of an instruction set other than `plain`, for lanes of so many bytes.
std::unique_ptr<VectorEmitter> make_emitter(int lane_bytes, InstructionSet set);

}  // namespace dagrad::detail
