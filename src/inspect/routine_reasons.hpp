#pragma once

#include "dagrad/explain.hpp"
#include "src/exec/lifetimes.hpp"
#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// Adds the routines of a plan to an explanation that has its steps, and for other steps why they
/// are in none.
void explain_routines(const Plan& plan, const Lifetimes& lifetimes, PlanExplanation& all);

}  // namespace dagrad::detail
