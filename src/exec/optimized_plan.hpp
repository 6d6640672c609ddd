#pragma once

#include <memory>
#include <span>

#include "src/exec/planner.hpp"

namespace dagrad::detail {

/// Plans what `options.passes` make of the graph. The plan's inputs, names, errors and events refer
/// to the graph that is given. The passes keep all of its inputs, so that those which turn out not
/// to be needed can still be fed.
std::unique_ptr<const Plan> make_optimized_plan(const GraphData& graph,
                                                const CompileOptions& options,
                                                const std::shared_ptr<RuntimeData>& runtime,
                                                std::span<const Value> fetches);

}  // namespace dagrad::detail
