#pragma once

#include <cstdint>

#include "dagrad/program.hpp"
#include "src/loops/loop_spec.hpp"

namespace dagrad::detail {

/// Does what the machine code of a loop with sums does, with the same bits.
void interpret_sums(const Program& program, const LoopSpec& spec, const void* const* in,
                    void* const* out, std::int64_t n);

}  // namespace dagrad::detail
