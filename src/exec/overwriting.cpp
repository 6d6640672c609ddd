#include "src/exec/overwriting.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace dagrad::detail {

namespace {

/// In bytes. Smaller values stay in the cache or in registers.
constexpr std::size_t least_put = std::size_t{1} << 16;

}  // namespace

bool may_overwrite(const Plan& plan, const Step& step, std::size_t result, std::size_t operand) {
  const Kernel& k = plan.kernel_of(step);
  const bool loop = k.op().traits().elementwise;
  if (!k.overwrites() || result >= k.out().size() || (result > 0 && !loop) || operand >= 32 ||
      (k.op().traits().in_place >> operand & 1U) == 0)
    return false;
  const Type &from = k.in()[operand], &to = k.out()[result];
  if (from.elements() != to.elements() || size_of(from.dtype) != size_of(to.dtype)) return false;
  // A loop reads an element of every operand before it writes one; other ops may not.
  const auto in = plan.operands_of(step);
  return loop || std::count(in.begin(), in.end(), in[operand]) == 1;
}

// The last step comes first, so that values can be overwritten several times. A plan may be
// arranged again with other kernels.
void put_into_outputs(Plan& plan, const Lifetimes& lifetimes) {
  for (const std::uint32_t slot : std::exchange(plan.put, {}))
    plan.slots[slot] = {Slot::Home::arena, 0};
  const auto can_be_put = [&](std::uint32_t slot) {
    return slot != no_slot && plan.slots[slot].home == Slot::Home::arena &&
           lifetimes.readers(slot).size() == 1 &&
           plan.kernel_of(plan.steps[lifetimes.producer(slot)]).parts() == nullptr;
  };
  for (auto step = plan.steps.rbegin(); step != plan.steps.rend(); ++step) {
    const Kernel& kernel = plan.kernel_of(*step);
    const auto in = plan.operands_of(*step), out = plan.results_of(*step);
    for (std::size_t r = 0; r < kernel.out().size(); ++r) {
      const Slot home = plan.slots[out[r]];
      if (home.home != Slot::Home::output || kernel.out()[r].bytes() < least_put) continue;
      for (std::size_t i = 0; i < in.size(); ++i) {
        if (!can_be_put(in[i]) || !may_overwrite(plan, *step, r, i)) continue;
        plan.slots[in[i]] = home;
        plan.put.push_back(in[i]);
        break;
      }
    }
  }
}

}  // namespace dagrad::detail
