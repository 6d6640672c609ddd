#include "src/exec/finite.hpp"

#include <algorithm>
#include <utility>

#include "src/exec/arrange.hpp"
#include "src/exec/checking_kernels.hpp"

namespace dagrad::detail {

namespace {

/// Kernels that find the first node whose result is not finite.
std::vector<std::shared_ptr<const Kernel>> searching_kernels(const Plan& plan) {
  std::vector<std::shared_ptr<const Kernel>> kernels = plan.kernels;
  for (std::shared_ptr<const Kernel>& kernel : kernels)
    if (can_be_checked(*kernel)) kernel = searching(kernel);
  return kernels;
}

}  // namespace

bool has_effects(const Plan& plan) {
  return plan.observer != nullptr ||
         std::any_of(plan.kernels.begin(), plan.kernels.end(),
                     [](const auto& kernel) { return kernel->op().traits().ordered; });
}

void check_finite(Plan& plan, std::shared_ptr<const Plan> unfused) {
  std::vector<std::shared_ptr<const Kernel>> search =
      searching_kernels(unfused != nullptr ? *unfused : plan);
  if (has_effects(plan)) {
    plan.kernels = std::move(search);
    return;
  }
  for (std::shared_ptr<const Kernel>& kernel : plan.kernels)
    if (can_be_checked(*kernel)) kernel = watching(kernel);
  plan.searching = std::move(search);
  plan.unfused = std::move(unfused);
}

Plan search_plan(const Plan& watching) {
  Plan plan = watching.unfused != nullptr ? *watching.unfused : watching;
  plan.kernels = watching.searching;
  plan.searching.clear();
  arrange(plan);
  return plan;
}

}  // namespace dagrad::detail
