#pragma once

#include <atomic>
#include <utility>

namespace dagrad::detail {

/// Lists that only ever grow, so that reading them takes no lock: their entries have a `next`.
/// Puts an entry in front; where several threads make the same at once, each keeps its own and one
/// of them is found from then on.
template <class Entry>
const Entry& push_front(std::atomic<Entry*>& head, Entry* entry) {
  entry->next = head.load(std::memory_order_acquire);
  while (!head.compare_exchange_weak(entry->next, entry, std::memory_order_acq_rel)) {
  }
  return *entry;
}

template <class Entry>
void delete_list(std::atomic<Entry*>& head) {
  Entry* entry = head.load(std::memory_order_acquire);
  while (entry) delete std::exchange(entry, entry->next);
}

}  // namespace dagrad::detail
