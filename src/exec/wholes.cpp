#include "src/exec/wholes.hpp"

#include <algorithm>

namespace dagrad::detail {

namespace {

bool lies_in_arena(const Plan& plan, std::uint32_t slot) {
  return slot != no_slot && plan.slots[slot].home == Slot::Home::arena;
}

}  // namespace

// Values that are joined are put into their place first, beginning with the last step, so that the
// place of the whole is known if it is itself a part of another. Then those that are divided.
Wholes::Wholes(const Plan& plan, const Lifetimes& lifetimes) {
  const auto has_parts = [&](const Step& step) { return plan.kernel_of(step).parts() != nullptr; };
  if (std::ranges::none_of(plan.steps, has_parts)) return;
  in_.resize(plan.slots.size());
  for (std::uint32_t slot = 0; slot < in_.size(); ++slot) in_[slot].whole = slot;
  for (auto step = plan.steps.rbegin(); step != plan.steps.rend(); ++step)
    if (has_parts(*step) && plan.kernel_of(*step).parts()->join) put_parts(plan, *step);
  for (const Step& step : plan.steps)
    if (has_parts(step) && !plan.kernel_of(step).parts()->join) put_parts(plan, step);
  for (std::uint32_t slot = 0; slot < in_.size(); ++slot) {
    if (!lies_in_arena(plan, slot) || lifetimes.producer(slot) == no_step) continue;
    const std::uint32_t shared = in_[in_[slot].whole].shared;
    if (shared != none) shared_[shared].last = std::max(shared_[shared].last, lifetimes.last(slot));
  }
}

/// Puts a slot into another one of so many bytes, which may itself lie in a third.
void Wholes::put(std::uint32_t slot, std::uint32_t into, std::uint64_t offset,
                 std::uint64_t bytes) {
  in_[slot].whole = in_[into].whole;
  in_[slot].offset = in_[into].offset + static_cast<std::uint32_t>(offset);
  Place& whole = in_[in_[slot].whole];
  if (whole.shared != none) return;
  whole.shared = static_cast<std::uint32_t>(shared_.size());
  shared_.push_back({bytes});
}

/// Puts the parts of a step into its whole. A value that two steps join, or one step twice, is put
/// into one place, and copied to the other.
void Wholes::put_parts(const Plan& plan, const Step& step) {
  const auto& [join, begin] = *plan.kernel_of(step).parts();
  const auto operands = plan.operands_of(step), results = plan.results_of(step);
  const std::uint32_t whole = join ? results[0] : operands[0];
  if (!lies_in_arena(plan, whole)) return;
  for (std::size_t i = 0; i + 1 < begin.size(); ++i) {
    const std::uint32_t part = join ? operands[i] : results[i];
    if (lies_in_arena(plan, part) && in_[part].whole == part)
      put(part, whole, begin[i], begin.back());
  }
}

}  // namespace dagrad::detail
