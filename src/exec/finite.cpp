#include "src/exec/finite.hpp"

#include <algorithm>
#include <utility>

#include "src/exec/arrange.hpp"
#include "src/exec/checking_kernels.hpp"

namespace dagrad::detail {

namespace {

bool has_effects(const Plan& plan) {
  return plan.observer != nullptr ||
         std::any_of(plan.kernels.begin(), plan.kernels.end(),
                     [](const auto& kernel) { return kernel->op().traits().ordered; });
}

}  // namespace

void check_finite(Plan& plan) {
  std::vector<std::shared_ptr<const Kernel>> search = plan.kernels;
  for (std::shared_ptr<const Kernel>& kernel : search)
    if (can_be_checked(*kernel)) kernel = searching(kernel);
  if (has_effects(plan)) {
    plan.kernels = std::move(search);
    return;
  }
  for (std::shared_ptr<const Kernel>& kernel : plan.kernels)
    if (can_be_checked(*kernel)) kernel = watching(kernel);
  plan.searching = std::move(search);
}

Plan search_plan(const Plan& watching) {
  Plan plan = watching;
  plan.kernels = std::exchange(plan.searching, {});
  arrange(plan);
  return plan;
}

}  // namespace dagrad::detail
