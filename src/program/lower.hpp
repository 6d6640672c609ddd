#pragma once

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// The same program in basic words only: what loops are made of.
Program lower(const Program& program);

}  // namespace dagrad::detail
