#pragma once

#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// The second half of planning: decides whether several threads pay off, places the slots in
/// memory, and finds out which steps have to wait for which.
void arrange(Plan& plan);

}  // namespace dagrad::detail
