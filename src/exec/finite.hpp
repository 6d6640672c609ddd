#pragma once

#include "src/exec/plan.hpp"

// How a function that is compiled with `check_finite` runs:
//
//   watching    Kernels may overwrite operands. Each looks for infinities and NaNs in its results,
//      |        unless the processor's flags tell that it cannot have made one. If there is one, or
//      |        if a step fails, the run stops.
//      v
//   searching   The same run once more, with other kernels: each reads its results and, if one of
//      |        them is not finite, its operands, which are not overwritten. It stops at the first
//      |        node that has made an infinity or a NaN of finite operands.
//      v
//   answer      The RunError of that node; or the results, if all infinities and NaNs come from
//               feeds, parameters and constants. Then the next runs search from the start.

namespace dagrad::detail {

/// Whether a plan has effects that a second run would repeat: an observer or ordered steps.
bool has_effects(const Plan& plan);
/// Makes a plan that is not arranged yet check that results are finite. It watches, or searches
/// from the start if it has effects. `unfused` is the plan of the search if passes have fused
/// nodes; else it is null.
void check_finite(Plan& plan, std::shared_ptr<const Plan> unfused);

/// The arranged plan of the search that belongs to a watching plan.
Plan search_plan(const Plan& watching);

}  // namespace dagrad::detail
