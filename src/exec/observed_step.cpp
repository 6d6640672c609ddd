#include "src/exec/observed_step.hpp"

#include <algorithm>
#include <cstddef>

namespace dagrad::detail {

ObservedStep::ObservedStep(const Plan& plan, std::uint32_t step, std::span<void* const> address,
                           int worker)
    : observer_(*plan.observer), name_(plan.origins.name(step)) {
  const Kernel& kernel = plan.kernel_of(plan.steps[step]);
  const auto wires = plan.wires_of(plan.steps[step]);
  for (std::size_t i = 0; i < kernel.in().size(); ++i)
    in_.push_back({wires[i] == no_slot ? nullptr : address[wires[i]], kernel.in()[i]});
  for (std::size_t i = 0; i < kernel.out().size(); ++i) {
    out_.push_back({nullptr, kernel.out()[i]});
    results_.push_back(address[wires[kernel.in().size() + i]]);
  }
  event_ = {name_, kernel.op().name(), plan.steps[step].node, worker, in_, out_};
}

void ObservedStep::starts() { tell(observer_.start); }

void ObservedStep::finishes() {
  for (View& operand : in_) {
    const bool overwritten =
        std::find(results_.begin(), results_.end(), operand.data) != results_.end();
    if (overwritten) operand.data = nullptr;
  }
  for (std::size_t i = 0; i < out_.size(); ++i) out_[i].data = results_[i];
  tell(observer_.finish);
}

void ObservedStep::tell(const std::function<void(const NodeEvent&)>& hook) const {
  if (hook) hook(event_);
}

}  // namespace dagrad::detail
