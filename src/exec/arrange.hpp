#pragma once

#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// The second half of planning: decides whether several threads are worth it, gives the slots their
/// memory, and says which step waits for which.
void arrange(Plan& plan);

}  // namespace dagrad::detail
