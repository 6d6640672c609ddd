#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// Who reads the slots that lie in the arena, and how much room they take.
struct Lifetimes {
  std::vector<std::uint64_t> blocks;    ///< of each slot, 64 bytes each
  std::vector<std::uint32_t> producer;  ///< step that writes each slot
  std::vector<std::uint32_t>
      first;  ///< readers of slot s: readers[first[s]] … readers[first[s + 1] - 1],
  std::vector<std::uint32_t> readers;  ///< steps in order

  std::span<const std::uint32_t> readers_of(std::uint32_t slot) const {
    return {readers.data() + first[slot], readers.data() + first[slot + 1]};
  }
  /// The last step that needs the slot.
  std::uint32_t last(std::uint32_t slot) const {
    return first[slot] == first[slot + 1] ? producer[slot] : readers[first[slot + 1] - 1];
  }
};

/// Places the plan's arena slots and sets its size. Memory is a set of buffers, each held by one
/// slot at a time; a step may write over an operand that dies with it.
///
/// With `levels` (length of the longest path to each step) several threads run the plan. Then a
/// slot takes over a buffer only from steps of lower levels, which are done by the time that its
/// own could start, so that the order of reuse does not hold back what could run at once; beyond
/// twice the memory that one thread needs, any buffer will do. The returned dependencies make
/// whoever writes a buffer wait for those who used it before.
std::vector<Dependency> place_slots(Plan& plan, const Lifetimes& lifetimes,
                                    std::span<const std::uint32_t> levels);

}  // namespace dagrad::detail
