#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// What is known of a plan's slots as they are made.
struct SlotWrites {
  std::vector<std::uint32_t> producer;  ///< step that writes each slot, or `no_step`
  std::vector<std::uint64_t> blocks;    ///< size of each, in blocks of 64 bytes

  static constexpr std::uint32_t no_step = 0xffffffff;
};

/// From which step to which each slot that steps write is needed.
class Lifetimes {
 public:
  Lifetimes(const Plan& plan, SlotWrites writes);

  std::uint64_t blocks(std::uint32_t slot) const { return writes_.blocks[slot]; }
  std::uint32_t producer(std::uint32_t slot) const { return writes_.producer[slot]; }
  /// Steps in order, each once.
  std::span<const std::uint32_t> readers(std::uint32_t slot) const {
    return {readers_.data() + first_reader_[slot], readers_.data() + first_reader_[slot + 1]};
  }
  /// The last step that needs the slot.
  std::uint32_t last(std::uint32_t slot) const {
    const auto all = readers(slot);
    return all.empty() ? producer(slot) : all.back();
  }

 private:
  SlotWrites writes_;
  std::vector<std::uint32_t>
      first_reader_;  ///< of each slot in `readers_`; the next one's: the end
  std::vector<std::uint32_t> readers_;
};

}  // namespace dagrad::detail
