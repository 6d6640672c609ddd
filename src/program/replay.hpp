#pragma once

#include <span>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// Records a step of another program again; `at` maps steps of that program to symbols. Not for
/// inputs, which the caller must supply.
Symbol replay(Recorder& recorder, const Program& program, Instruction step,
              std::span<const Symbol> at);

}  // namespace dagrad::detail
