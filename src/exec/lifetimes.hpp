#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// The steps between which each slot written by a step is needed.
class Lifetimes {
 public:
  explicit Lifetimes(const Plan& plan);

  /// The step that writes the slot, or `no_step`.
  std::uint32_t producer(std::uint32_t slot) const { return producer_[slot]; }
  /// The steps that read the slot, each once, in order.
  std::span<const std::uint32_t> readers(std::uint32_t slot) const {
    return {readers_.data() + first_reader_[slot], readers_.data() + first_reader_[slot + 1]};
  }
  /// The last step that needs the slot.
  std::uint32_t last(std::uint32_t slot) const {
    const auto all = readers(slot);
    return all.empty() ? producer(slot) : all.back();
  }

 private:
  std::vector<std::uint32_t> producer_;
  std::vector<std::uint32_t>
      first_reader_;  ///< of each slot, in `readers_`; that of the next slot is the end
  std::vector<std::uint32_t> readers_;
};

}  // namespace dagrad::detail
