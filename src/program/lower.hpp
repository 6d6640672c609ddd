#pragma once

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// The program expressed in basic primitives only, as loops need it.
Program lower(const Program& program);
/// The same, but returns the program itself if it has only basic primitives already.
ProgramPtr lowered(ProgramPtr program);

}  // namespace dagrad::detail
