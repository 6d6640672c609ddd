#pragma once

#include <atomic>
#include <utility>

namespace dagrad::detail {

/// Singly linked lists that only grow, so that reading them takes no lock. Entries have a member
/// `next`. Adds an entry at the front. If several threads add equal entries at once, each gets its
/// own, and later look-ups find one of them.
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
