#pragma once

#include <cstdint>
#include <vector>

#include "src/exec/lifetimes.hpp"
#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// Which slots lie in the memory of others, so that a step that joins or divides values need not
/// copy them. Only slots of the arena do.
class Wholes {
 public:
  /// No slot does.
  Wholes() = default;
  Wholes(const Plan& plan, const Lifetimes& lifetimes);

  /// The slot in whose memory a slot lies, which may be itself.
  std::uint32_t whole(std::uint32_t slot) const { return in_.empty() ? slot : in_[slot].whole; }
  /// Where a slot begins in that memory, in bytes.
  std::uint64_t offset(std::uint32_t slot) const { return in_.empty() ? 0 : in_[slot].offset; }
  /// Whether other slots lie in the same memory.
  bool is_shared(std::uint32_t slot) const {
    return !in_.empty() && in_[whole(slot)].shared != none;
  }
  /// Of a whole with parts: the last step that needs any of them.
  std::uint32_t last(std::uint32_t whole) const { return shared_[in_[whole].shared].last; }
  /// Of a whole with parts: its size in bytes.
  std::uint64_t bytes(std::uint32_t whole) const { return shared_[in_[whole].shared].bytes; }

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  struct Place {
    std::uint32_t whole = 0;
    std::uint32_t offset = 0;     ///< wholes are small
    std::uint32_t shared = none;  ///< of a whole with parts: index in `shared_`
  };
  struct Shared {
    std::uint64_t bytes = 0;
    std::uint32_t last = 0;
  };

  void put(std::uint32_t slot, std::uint32_t into, std::uint64_t offset, std::uint64_t bytes);
  void put_parts(const Plan& plan, const Step& step);

  std::vector<Place> in_;  ///< by slot; empty if no slot lies in another
  std::vector<Shared> shared_;
};

}  // namespace dagrad::detail
