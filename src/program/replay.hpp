#pragma once

#include <span>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// Records a step of another program again, whose operands are now `at` their positions there; not
/// for inputs, whose meaning the caller knows.
Symbol replay(Recorder& recorder, const Program& program, Instruction step,
              std::span<const Symbol> at);

}  // namespace dagrad::detail
