#include "src/exec/lifetimes.hpp"

#include <numeric>
#include <utility>

namespace dagrad::detail {

namespace {

/// Calls `body` with each slot that a step writes and each step that reads it, steps in order.
template <class Body>
void for_each_read(const Plan& plan, const SlotWrites& writes, Body&& body) {
  std::vector<std::uint32_t> last_reader(plan.slots.size(), SlotWrites::no_step);
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
    const auto wires = plan.wires_of(plan.steps[s]);
    for (const std::uint32_t slot : wires.first(plan.routines[plan.steps[s].routine].in.size())) {
      if (slot == no_slot || writes.producer[slot] == SlotWrites::no_step) continue;
      if (std::exchange(last_reader[slot], s) != s) body(slot, s);
    }
  }
}

}  // namespace

// A counting sort. Counts are kept two places on, so that while the readers are filled in each
// beginning moves to where the next slot's belongs.
Lifetimes::Lifetimes(const Plan& plan, SlotWrites writes)
    : writes_(std::move(writes)), first_reader_(plan.slots.size() + 2, 0) {
  for_each_read(plan, writes_,
                [&](std::uint32_t slot, std::uint32_t) { ++first_reader_[slot + 2]; });
  std::partial_sum(first_reader_.begin(), first_reader_.end(), first_reader_.begin());
  readers_.resize(first_reader_.back());
  for_each_read(plan, writes_, [&](std::uint32_t slot, std::uint32_t step) {
    readers_[first_reader_[slot + 1]++] = step;
  });
}

}  // namespace dagrad::detail
