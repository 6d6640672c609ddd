#include "src/exec/memory.hpp"

#include <algorithm>
#include <map>

#include "dagrad/error.hpp"
#include "src/tensor/storage.hpp"

namespace dagrad::detail {

namespace {

class Placement {
 public:
  Placement(Plan& plan, const Lifetimes& lifetimes, std::span<const std::uint32_t> levels)
      : plan_(plan),
        lifetimes_(lifetimes),
        levels_(levels),
        buffer_of_(plan.slots.size(), no_buffer),
        budget_(parallel() ? 2 * most_alive() + spare_blocks : 0) {}

  std::vector<Dependency> run() {
    for (std::uint32_t s = 0; s < plan_.steps.size(); ++s) step(s);
    std::vector<std::uint64_t> offset;
    std::uint64_t end = 0;
    for (const Buffer& buffer : buffers_) {
      offset.push_back(end);
      if (buffer.blocks > (most_bytes - end) / block_bytes)
        throw RunError("compile: what a run holds at once is more than memory has addresses for");
      end += buffer.blocks * block_bytes;
    }
    for (std::size_t i = 0; i < buffer_of_.size(); ++i) {
      if (buffer_of_[i] != no_buffer) plan_.slots[i].at = offset[buffer_of_[i]];
    }
    plan_.arena_bytes = end;
    return std::move(waits_);
  }

 private:
  static constexpr std::uint32_t no_buffer = 0xffffffff;
  static constexpr std::uint64_t most_bytes = std::uint64_t{1} << 62;
  static constexpr int most_tries = 8;  // sizes looked at, so that plans of many sizes stay linear
  static constexpr std::uint64_t spare_blocks = (std::uint64_t{1} << 20) / block_bytes;

  struct Buffer {
    std::uint64_t blocks = 0;
    std::uint32_t level = 0;   ///< of the last step that used it
    std::uint32_t holder = 0;  ///< slot that has it, or had it last
    bool free = false;
  };
  /// Free buffers of one size: taken newest first by one thread, for the sake of the cache, oldest
  /// first by several.
  struct Free {
    std::vector<std::uint32_t> buffers;
    std::size_t oldest = 0;
    bool empty() const { return oldest == buffers.size(); }
  };

  bool parallel() const { return !levels_.empty(); }
  bool in_arena(std::uint32_t slot) const {
    return slot != no_slot && plan_.slots[slot].home == Slot::Home::arena;
  }
  std::uint64_t most_alive() const;
  void step(std::uint32_t s);
  bool take_over(std::uint32_t s, const Kernel& kernel, std::span<const std::uint32_t> in,
                 std::size_t result, std::uint32_t slot);
  void allocate(std::uint32_t s, std::uint32_t slot);
  std::uint32_t take_free(std::uint32_t s, std::uint64_t blocks);
  bool may_take(const Free& free, std::uint32_t s) const;
  std::uint32_t take(std::map<std::uint64_t, Free>::iterator at);
  void release(std::uint32_t slot);
  void wait_for_readers(std::uint32_t slot, std::uint32_t s);

  Plan& plan_;
  const Lifetimes& lifetimes_;
  std::span<const std::uint32_t> levels_;
  std::vector<std::uint32_t> buffer_of_;
  std::uint64_t budget_;
  std::uint64_t total_ = 0;
  std::vector<Buffer> buffers_;
  std::map<std::uint64_t, Free> free_;
  std::vector<Dependency> waits_;
};

/// Blocks that hold a value at once at the worst moment, steps being run in order.
std::uint64_t Placement::most_alive() const {
  std::vector<std::uint64_t> born(plan_.steps.size()), dying(plan_.steps.size());
  for (std::uint32_t slot = 0; slot < plan_.slots.size(); ++slot) {
    if (!in_arena(slot)) continue;
    born[lifetimes_.producer[slot]] += lifetimes_.blocks[slot];
    dying[lifetimes_.last(slot)] += lifetimes_.blocks[slot];
  }
  std::uint64_t alive = 0, most = 0;
  for (std::size_t s = 0; s < born.size(); ++s) {
    alive += born[s];
    most = std::max(most, alive);
    alive -= dying[s];
  }
  return most;
}

void Placement::step(std::uint32_t s) {
  const Kernel& kernel = plan_.kernel_of(plan_.steps[s]);
  const auto wires = plan_.wires_of(plan_.steps[s]);
  const auto in = wires.first(kernel.in().size());
  for (std::size_t i = in.size(); i < wires.size(); ++i) {
    if (in_arena(wires[i]) && !take_over(s, kernel, in, i - in.size(), wires[i]))
      allocate(s, wires[i]);
  }
  for (const std::uint32_t slot : wires) {
    if (!in_arena(slot) || lifetimes_.last(slot) != s) continue;
    const Buffer& buffer = buffers_[buffer_of_[slot]];
    if (buffer.holder == slot && !buffer.free) release(slot);
  }
}

/// Lets a result have the buffer of an operand that nobody needs any more.
bool Placement::take_over(std::uint32_t s, const Kernel& kernel, std::span<const std::uint32_t> in,
                          std::size_t result, std::uint32_t slot) {
  const bool loop = kernel.op().traits().elementwise;
  if (result >= kernel.out().size() || (result > 0 && !loop)) return false;
  for (std::size_t i = 0; i < std::min<std::size_t>(in.size(), 32); ++i) {
    const std::uint32_t operand = in[i];
    if ((kernel.op().traits().in_place >> i & 1U) == 0 || !in_arena(operand)) continue;
    Buffer& buffer = buffers_[buffer_of_[operand]];
    if (buffer.holder != operand || lifetimes_.last(operand) != s ||
        kernel.in()[i].elements() != kernel.out()[result].elements() ||
        size_of(kernel.in()[i].dtype) != size_of(kernel.out()[result].dtype))
      continue;
    // A loop reads an element of all operands before it writes one; other ops may not.
    if (!loop && std::count(in.begin(), in.end(), operand) > 1) continue;
    if (parallel()) {
      const auto readers = lifetimes_.readers_of(operand);
      const bool waits = std::any_of(readers.begin(), readers.end(), [&](std::uint32_t r) {
        return r != s && levels_[r] >= levels_[s];
      });
      if (waits) continue;
      wait_for_readers(operand, s);
    }
    buffer.holder = slot;
    buffer_of_[slot] = buffer_of_[operand];
    return true;
  }
  return false;
}

void Placement::allocate(std::uint32_t s, std::uint32_t slot) {
  const std::uint64_t blocks = lifetimes_.blocks[slot];
  std::uint32_t found = take_free(s, blocks);
  if (found == no_buffer) {
    found = static_cast<std::uint32_t>(buffers_.size());
    buffers_.emplace_back();
  } else if (parallel()) {
    wait_for_readers(buffers_[found].holder, s);
  }
  Buffer& buffer = buffers_[found];
  if (blocks > buffer.blocks) {
    total_ += blocks - buffer.blocks;
    buffer.blocks = blocks;
  }
  buffer.holder = slot;
  buffer.free = false;
  buffer_of_[slot] = found;
}

/// The smallest free buffer that is large enough, unless half of it would be wasted; else the
/// largest that is too small, which grows.
std::uint32_t Placement::take_free(std::uint32_t s, std::uint64_t blocks) {
  const auto enough = free_.lower_bound(blocks);
  int tries = 0;
  for (auto at = enough; at != free_.end() && at->first <= 2 * blocks && tries < most_tries;
       ++at, ++tries)
    if (may_take(at->second, s)) return take(at);
  tries = 0;
  for (auto at = enough; at != free_.begin() && tries < most_tries; ++tries) {
    --at;
    if (2 * at->first < blocks) break;
    if (may_take(at->second, s)) return take(at);
  }
  return no_buffer;
}

bool Placement::may_take(const Free& free, std::uint32_t s) const {
  if (free.empty()) return false;
  return !parallel() || total_ > budget_ || buffers_[free.buffers[free.oldest]].level < levels_[s];
}

std::uint32_t Placement::take(std::map<std::uint64_t, Free>::iterator at) {
  Free& free = at->second;
  std::uint32_t found = 0;
  if (parallel()) {
    found = free.buffers[free.oldest++];
  } else {
    found = free.buffers.back();
    free.buffers.pop_back();
  }
  if (free.empty()) free_.erase(at);
  return found;
}

void Placement::release(std::uint32_t slot) {
  Buffer& buffer = buffers_[buffer_of_[slot]];
  if (parallel()) {
    buffer.level = levels_[lifetimes_.producer[slot]];
    for (const std::uint32_t reader : lifetimes_.readers_of(slot))
      buffer.level = std::max(buffer.level, levels_[reader]);
  }
  buffer.free = true;
  free_[buffer.blocks].buffers.push_back(buffer_of_[slot]);
}

/// Step `s` writes the slot's memory next.
void Placement::wait_for_readers(std::uint32_t slot, std::uint32_t s) {
  const auto readers = lifetimes_.readers_of(slot);
  if (readers.empty()) waits_.push_back({lifetimes_.producer[slot], s});
  for (const std::uint32_t reader : readers)
    if (reader != s) waits_.push_back({reader, s});
}

}  // namespace

std::vector<Dependency> place_slots(Plan& plan, const Lifetimes& lifetimes,
                                    std::span<const std::uint32_t> levels) {
  return Placement(plan, lifetimes, levels).run();
}

}  // namespace dagrad::detail
