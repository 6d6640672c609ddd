#include "src/exec/wired_addresses.hpp"

#include <cstddef>
#include <unordered_map>
#include <utility>

namespace dagrad::detail {

void WiredAddresses::update(const Plan& plan, std::span<void* const> slots) {
  if (empty()) {
    if (expects_runs_) make(plan, slots);
    expects_runs_ = true;
    return;
  }
  for (Changing& changing : changing_) {
    void* const now = slots[changing.slot];
    if (now == changing.known) continue;
    changing.known = now;
    for (const std::uint32_t wire : changing.wires) addresses_[wire] = now;
  }
}

void WiredAddresses::make(const Plan& plan, std::span<void* const> slots) {
  std::vector<void*> addresses(plan.wires.size());
  std::vector<Changing> changing;
  std::unordered_map<std::uint32_t, std::size_t> places;  // in `changing`, by slot
  for (std::uint32_t wire = 0; wire < plan.wires.size(); ++wire) {
    const std::uint32_t slot = plan.wires[wire];
    if (slot == no_slot) continue;
    addresses[wire] = slots[slot];
    const Slot::Home home = plan.slots[slot].home;
    if (home == Slot::Home::arena || home == Slot::Home::constant) continue;
    const auto [at, is_new] = places.try_emplace(slot, changing.size());
    if (is_new) changing.push_back({slot, slots[slot], {}});
    changing[at->second].wires.push_back(wire);
  }
  addresses_ = std::move(addresses);
  changing_ = std::move(changing);
}

}  // namespace dagrad::detail
