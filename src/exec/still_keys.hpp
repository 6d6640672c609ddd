#pragma once

#include "dagrad/compile.hpp"
#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// Writes a warning to the log for each random key that a function with updates reads but does not
/// advance.
void warn_of_still_keys(const Plan& plan, const CompileOptions& options, Location where);

}  // namespace dagrad::detail
