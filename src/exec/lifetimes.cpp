#include "src/exec/lifetimes.hpp"

#include <numeric>
#include <utility>

namespace dagrad::detail {

namespace {

/// The step that writes each slot.
std::vector<std::uint32_t> producers(const Plan& plan) {
  std::vector<std::uint32_t> producer(plan.slots.size(), no_step);
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s)
    for (const std::uint32_t slot : plan.results_of(plan.steps[s])) producer[slot] = s;
  return producer;
}

/// Calls `body` with each slot that a step writes and each step that reads it, in the order of
/// these steps.
template <class Body>
void for_each_read(const Plan& plan, const std::vector<std::uint32_t>& producer, const Body& body) {
  std::vector<std::uint32_t> last_reader(plan.slots.size(), no_step);
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
    for (const std::uint32_t slot : plan.operands_of(plan.steps[s])) {
      if (slot == no_slot || producer[slot] == no_step) continue;
      if (std::exchange(last_reader[slot], s) != s) body(slot, s);
    }
  }
}

}  // namespace

// A counting sort. Counts are stored two places further on, so that filling in the readers moves
// each beginning to where that of the next slot belongs.
Lifetimes::Lifetimes(const Plan& plan)
    : producer_(producers(plan)), first_reader_(plan.slots.size() + 2, 0) {
  for_each_read(plan, producer_,
                [&](std::uint32_t slot, std::uint32_t) { ++first_reader_[slot + 2]; });
  std::partial_sum(first_reader_.begin(), first_reader_.end(), first_reader_.begin());
  readers_.resize(first_reader_.back());
  for_each_read(plan, producer_, [&](std::uint32_t slot, std::uint32_t step) {
    readers_[first_reader_[slot + 1]++] = step;
  });
}

}  // namespace dagrad::detail
