#pragma once

#include "src/exec/kernel.hpp"

namespace dagrad::detail {

/// Whether a floating-point exception flag is raised (see float_flags.hpp) each time that the
/// kernel makes an infinity or a NaN of finite operands. If the kernel does not raise flags for
/// certain, this is false.
bool raises_flags(const Kernel& kernel);

}  // namespace dagrad::detail
