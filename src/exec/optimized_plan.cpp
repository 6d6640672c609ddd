#include "src/exec/optimized_plan.hpp"

#include <utility>
#include <vector>

#include "src/exec/arrange.hpp"
#include "src/exec/finite.hpp"
#include "src/passes/pass_chain.hpp"

namespace dagrad::detail {

namespace {

/// What the passes must keep: fetches, updates, and all inputs, so that these can still be fed.
std::vector<Value> kept_values(const GraphView& graph, std::span<const Update> updates,
                               std::span<const Value> fetches) {
  std::vector<Value> kept(fetches.begin(), fetches.end());
  for (const Update& update : updates) {
    kept.push_back(update.parameter);
    kept.push_back(update.next);
  }
  for (const std::uint32_t input : graph.inputs()) kept.push_back(graph.value(input));
  return kept;
}

/// A graph that is being optimised, and what is wanted of it.
class Optimizing {
 public:
  Optimizing(const GraphData& graph, const CompileOptions& options,
             const std::shared_ptr<RuntimeData>& runtime, std::span<const Value> fetches)
      : user_(graph),
        options_(options),
        runtime_(runtime),
        fetches_(fetches),
        chain_(graph, kept_values(user_, options.update, fetches)) {}

  void run(const Pass& pass) {
    PassReport report = chain_.run(pass, options_.runtime);
    passes_.push_back({std::move(report.pass), report.before, report.after, std::move(report.rules),
                       report.seconds});
  }

  /// The plan, not arranged, of the graph as it is now.
  std::unique_ptr<Plan> draft() const {
    const Mapping* const mapping = chain_.mapping();
    const auto now = [&](const Value& value) {
      return mapping != nullptr ? (*mapping)(value) : value;
    };
    CompileOptions options = options_;
    for (Update& update : options.update) update = {now(update.parameter), now(update.next)};
    std::vector<Value> fetches;
    for (const Value& fetch : fetches_) fetches.push_back(now(fetch));
    std::unique_ptr<Plan> plan =
        Planner(GraphView(chain_.graph()), options, runtime_).draft(fetches);
    if (mapping != nullptr) plan->refer_to(user_, *mapping);
    plan->passes = passes_;
    return plan;
  }

 private:
  const GraphView user_;
  const CompileOptions& options_;
  const std::shared_ptr<RuntimeData>& runtime_;
  std::span<const Value> fetches_;
  PassChain chain_;
  std::vector<PlannedPass> passes_;
};

/// Whether feeds of one plan serve the other.
bool have_equal_inputs(const Plan& a, const Plan& b) {
  return a.needed_inputs == b.needed_inputs &&
         a.input_names.to_vector() == b.input_names.to_vector();
}

}  // namespace

std::unique_ptr<const Plan> make_optimized_plan(const GraphData& graph,
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
