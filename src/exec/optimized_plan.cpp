#include "src/exec/optimized_plan.hpp"

#include <utility>
#include <vector>

#include "src/exec/arrange.hpp"
#include "src/exec/finite.hpp"

namespace dagrad::detail {

namespace {

/// A graph that is being optimised, and what is wanted of it.
class Optimizing {
 public:
  Optimizing(const GraphView& graph, const CompileOptions& options,
             const std::shared_ptr<RuntimeData>& runtime, std::span<const Value> fetches)
      : user_(graph), options_(options), runtime_(runtime), fetches_(fetches) {
    kept_.assign(fetches.begin(), fetches.end());
    for (const Update& update : options.update) {
      kept_.push_back(update.parameter);
      kept_.push_back(update.next);
    }
    for (const std::uint32_t input : graph.inputs()) kept_.push_back(graph.value(input));
    now_ = extract(kept_);
  }

  void run(const Pass& pass) {
    PassResult next = pass.run(now_.graph, now_.mapping(kept_), options_.runtime);
    passes_.push_back({pass.name, now_.graph.size(), next.graph.size()});
    now_.mapping = now_.mapping.then(next.mapping);
    now_.graph = std::move(next.graph);
  }

  /// The plan, not arranged, of the graph as it is now.
  std::unique_ptr<Plan> draft() const {
    CompileOptions options = options_;
    for (Update& update : options.update)
      update = {now_.mapping(update.parameter), now_.mapping(update.next)};
    std::unique_ptr<Plan> plan =
        Planner(GraphView(now_.graph), options, runtime_).draft(now_.mapping(fetches_));
    plan->refer_to(user_, now_.mapping);
    plan->passes = passes_;
    return plan;
  }

 private:
  const GraphView& user_;
  const CompileOptions& options_;
  const std::shared_ptr<RuntimeData>& runtime_;
  std::span<const Value> fetches_;
  std::vector<Value> kept_;
  Rewritten now_;
  std::vector<PassRun> passes_;
};

/// Whether feeds of one plan serve the other.
bool have_equal_inputs(const Plan& a, const Plan& b) {
  return a.needed_inputs == b.needed_inputs &&
         a.input_names.to_vector() == b.input_names.to_vector();
}

}  // namespace

std::unique_ptr<const Plan> make_optimized_plan(const GraphView& graph,
                                                const CompileOptions& options,
                                                const std::shared_ptr<RuntimeData>& runtime,
                                                std::span<const Value> fetches) {
  Optimizing optimizing(graph, options, runtime, fetches);
  std::unique_ptr<Plan> unfused;
  for (const Pass& pass : options.passes) {
    if (pass.fuses && options.check_finite && unfused == nullptr) {
      unfused = optimizing.draft();
      if (has_effects(*unfused)) break;
    }
    optimizing.run(pass);
  }
  std::unique_ptr<Plan> plan;
  if (unfused == nullptr || !has_effects(*unfused)) plan = optimizing.draft();
  if (unfused != nullptr && (plan == nullptr || !have_equal_inputs(*plan, *unfused)))
    plan = std::exchange(unfused, nullptr);
  if (options.check_finite) check_finite(*plan, std::move(unfused));
  arrange(*plan);
  return plan;
}

}  // namespace dagrad::detail
