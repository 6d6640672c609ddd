#pragma once

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// The same program in basic words only: what loops are made of.
Program lower(const Program& program);
/// That, or the program itself where it is of basic words already.
ProgramPtr lowered(ProgramPtr program);

}  // namespace dagrad::detail
