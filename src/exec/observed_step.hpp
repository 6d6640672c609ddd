#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// One step of a run, as the plan's observer sees it.
class ObservedStep {
 public:
  /// `address` gives the address of each slot in this run.
  ObservedStep(const Plan& plan, std::uint32_t step, std::span<void* const> address, int worker);
  ObservedStep(const ObservedStep&) = delete;
  ObservedStep& operator=(const ObservedStep&) = delete;
  void starts();
  void finishes();

 private:
  void tell(const std::function<void(const NodeEvent&)>& hook) const;

  const Observer& observer_;
  const std::string name_;
  std::vector<View> in_, out_;
  std::vector<void*> results_;  ///< their addresses, which are hidden until the step has finished
  NodeEvent event_;
};

}  // namespace dagrad::detail
