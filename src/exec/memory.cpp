#include "src/exec/memory.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "src/exec/free_buffers.hpp"
#include "src/exec/free_ranges.hpp"
#include "src/exec/overwriting.hpp"
#include "src/exec/wholes.hpp"
#include "src/tensor/storage.hpp"

namespace dagrad::detail {

namespace {

bool in_arena(const Plan& plan, std::uint32_t slot) {
  return slot != no_slot && plan.slots[slot].home == Slot::Home::arena;
}

/// Number of blocks of a result or, after the results, of the scratch memory.
std::uint64_t result_blocks(const Kernel& kernel, std::size_t i) {
  return padded(i < kernel.out().size() ? kernel.out()[i].bytes() : kernel.scratch()) / block_bytes;
}

/// Slots of so many blocks lie in ranges of free memory. Smaller ones, which the cache holds, lie
/// in buffers: planning these takes less time, and the one that was used last comes first.
constexpr std::uint64_t least_range = (std::uint64_t{1} << 16) / block_bytes;

// The two orders in which steps may run. Each assigns times to steps such that when a step can
// start, all steps with earlier times are done.

/// One thread runs the steps in order.
struct InOrder {
  static constexpr FreeBuffers::First first = FreeBuffers::First::newest;  // likely in the cache
  static constexpr std::uint64_t budget = 0;  // blocks; beyond it, any free buffer will do
  static std::uint32_t time(std::uint32_t step) { return step; }
  static void require(Dependency) {}  // one thread keeps the order anyway
};

/// Several threads run each step as soon as it is ready.
struct AmongThreads {
  // Its users are likely to be done.
  static constexpr FreeBuffers::First first = FreeBuffers::First::oldest;
  std::uint64_t budget;
  std::span<const std::uint32_t> levels;
  std::vector<Dependency> dependencies = {};

  std::uint32_t time(std::uint32_t step) const { return levels[step]; }
  void require(Dependency dependency) { dependencies.push_back(dependency); }
};

/// Assigns buffers to slots, step by step.
template <class Order>
class Placement {
 public:
  Placement(Plan& plan, const Lifetimes& lifetimes, const Wholes& wholes, Order& order)
      : plan_(plan),
        lifetimes_(lifetimes),
        wholes_(wholes),
        order_(order),
        buffer_of_(plan.slots.size(), none) {}

  void run() {
    for (std::uint32_t s = 0; s < plan_.steps.size(); ++s) place(s);
    lay_out();
  }

 private:
  static constexpr std::uint32_t none = FreeBuffers::none;

  struct Buffer {
    std::uint64_t blocks = 0;
    std::uint64_t begin = 0;   ///< if it is a range
    std::uint32_t holder = 0;  ///< the slot that has the buffer, or had it last
    bool free = false;
  };

  void place(std::uint32_t s);
  bool write_over_operand(std::uint32_t s, std::size_t result);
  void allocate(std::uint32_t s, std::uint32_t slot, std::uint64_t blocks);
  std::uint32_t find_buffer(std::uint32_t s, std::uint64_t blocks);
  void release(std::uint32_t slot);
  void wait_for_users(std::uint32_t slot, std::uint32_t s);
  void lay_out();

  bool is_beyond_budget() const { return total_ + ranges_.end() > order_.budget; }
  static bool is_range(const Buffer& buffer) { return buffer.blocks >= least_range; }
  const Kernel& kernel(std::uint32_t s) const { return plan_.kernel_of(plan_.steps[s]); }
  Buffer& buffer(std::uint32_t slot) { return buffers_[buffer_of_[slot]]; }
  /// The last step that needs the memory of a slot, of which none is a part.
  std::uint32_t last(std::uint32_t slot) const {
    return wholes_.is_shared(slot) ? wholes_.last(slot) : lifetimes_.last(slot);
  }

  Plan& plan_;
  const Lifetimes& lifetimes_;
  const Wholes& wholes_;
  Order& order_;
  std::vector<std::uint32_t>
      buffer_of_;  ///< of each slot that is not a part: its buffer, or `none`
  std::vector<Buffer> buffers_;
  FreeBuffers free_{Order::first};
  FreeRanges ranges_;
  std::uint64_t total_ = 0;  ///< blocks of all buffers that are not ranges
};

template <class Order>
void Placement<Order>::place(std::uint32_t s) {
  const auto results = plan_.results_of(plan_.steps[s]);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!in_arena(plan_, results[i])) continue;
    if (const std::uint32_t whole = wholes_.whole(results[i]); wholes_.is_shared(whole)) {
      if (buffer_of_[whole] == none) allocate(s, whole, padded(wholes_.bytes(whole)) / block_bytes);
    } else if (!write_over_operand(s, i)) {
      allocate(s, results[i], result_blocks(kernel(s), i));
    }
  }
  for (const std::uint32_t wire : plan_.wires_of(plan_.steps[s])) {
    if (!in_arena(plan_, wire)) continue;
    const std::uint32_t slot = wholes_.whole(wire);
    if (last(slot) == s && buffer(slot).holder == slot && !buffer(slot).free) release(slot);
  }
}

/// Gives a result the buffer of an operand that is no longer needed, if there is one. Returns
/// whether there is.
template <class Order>
bool Placement<Order>::write_over_operand(std::uint32_t s, std::size_t result) {
  const Step& step = plan_.steps[s];
  const auto in = plan_.operands_of(step);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::uint32_t operand = in[i];
    if (!in_arena(plan_, operand) || wholes_.is_shared(operand) ||
        buffer(operand).holder != operand || lifetimes_.last(operand) != s ||
        !may_overwrite(plan_, step, result, i))
      continue;
    const auto readers = lifetimes_.readers(operand);
    const auto would_wait_for = [&](std::uint32_t reader) {
      return reader != s && order_.time(reader) >= order_.time(s);
    };
    if (std::any_of(readers.begin(), readers.end(), would_wait_for)) continue;
    wait_for_users(operand, s);
    const std::uint32_t slot = plan_.results_of(step)[result];
    buffer(operand).holder = slot;
    buffer_of_[slot] = buffer_of_[operand];
    return true;
  }
  return false;
}

/// Gives the slot a range of free memory or a buffer.
template <class Order>
void Placement<Order>::allocate(std::uint32_t s, std::uint32_t slot, std::uint64_t blocks) {
  if (blocks < least_range) {
    buffer_of_[slot] = find_buffer(s, blocks);
  } else {
    buffer_of_[slot] = static_cast<std::uint32_t>(buffers_.size());
    const std::uint32_t time = is_beyond_budget() ? no_step : order_.time(s);
    const auto wait = [&](std::uint32_t before) { wait_for_users(before, s); };
    buffers_.push_back({.blocks = blocks, .begin = ranges_.take(blocks, time, wait)});
  }
  buffer(slot).holder = slot;
  buffer(slot).free = false;
}

/// A free buffer, enlarged if necessary, or else a new one.
template <class Order>
std::uint32_t Placement<Order>::find_buffer(std::uint32_t s, std::uint64_t blocks) {
  std::uint32_t found = free_.take(blocks, [&](const FreeBuffers::Entry& entry) {
    return entry.last_use < order_.time(s) || is_beyond_budget();
  });
  if (found == none) {
    found = static_cast<std::uint32_t>(buffers_.size());
    buffers_.emplace_back();
  } else {
    wait_for_users(buffers_[found].holder, s);
  }
  Buffer& buffer = buffers_[found];
  if (blocks > buffer.blocks) {
    total_ += blocks - buffer.blocks;
    buffer.blocks = blocks;
  }
  return found;
}

template <class Order>
void Placement<Order>::release(std::uint32_t slot) {
  buffer(slot).free = true;
  std::uint32_t last_use = order_.time(last(slot));
  for (const std::uint32_t reader : lifetimes_.readers(slot))
    last_use = std::max(last_use, order_.time(reader));
  if (const Buffer& free = buffer(slot); is_range(free))
    ranges_.release(free.begin, free.blocks, {slot, last_use});
  else
    free_.add(free.blocks, {buffer_of_[slot], last_use});
}

/// Makes step `s`, which writes the slot's memory next, wait for the steps that use that memory
/// now.
template <class Order>
void Placement<Order>::wait_for_users(std::uint32_t slot, std::uint32_t s) {
  const auto readers = lifetimes_.readers(slot);
  if (readers.empty()) order_.require({lifetimes_.producer(slot), s});
  for (const std::uint32_t reader : readers)
    if (reader != s) order_.require({reader, s});
}

/// Places the buffers one after the other, behind the ranges.
template <class Order>
void Placement<Order>::lay_out() {
  std::uint64_t end = ranges_.end();
  for (Buffer& buffer : buffers_) {
    if (is_range(buffer)) continue;
    buffer.begin = end;
    end = grown(end, buffer.blocks);
  }
  for (std::uint32_t slot = 0; slot < buffer_of_.size(); ++slot)
    if (const std::uint32_t at = buffer_of_[wholes_.whole(slot)]; at != none)
      plan_.slots[slot] = {Slot::Home::arena,
                           buffers_[at].begin * block_bytes + wholes_.offset(slot)};
  plan_.arena_bytes = end * block_bytes;
}

/// The largest number of blocks in use at any moment when the steps run in order.
std::uint64_t most_alive(const Plan& plan, const Lifetimes& lifetimes) {
  std::vector<std::uint64_t> born(plan.steps.size()), dying(plan.steps.size());
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
    const auto results = plan.results_of(plan.steps[s]);
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!in_arena(plan, results[i])) continue;
      const std::uint64_t blocks = result_blocks(plan.kernel_of(plan.steps[s]), i);
      born[s] += blocks;
      dying[lifetimes.last(results[i])] += blocks;
    }
  }
  std::uint64_t alive = 0, most = 0;
  for (std::size_t s = 0; s < born.size(); ++s) {
    alive += born[s];
    most = std::max(most, alive);
    alive -= dying[s];
  }
  return most;
}

}  // namespace

void place_for_one_thread(Plan& plan, const Lifetimes& lifetimes) {
  InOrder order;
  const Wholes wholes(plan, lifetimes);
  Placement(plan, lifetimes, wholes, order).run();
}

std::vector<Dependency> place_for_threads(Plan& plan, const Lifetimes& lifetimes,
                                          std::span<const std::uint32_t> levels) {
  constexpr std::uint64_t spare_blocks = (std::uint64_t{1} << 20) / block_bytes;
  AmongThreads order{2 * most_alive(plan, lifetimes) + spare_blocks, levels};
  const Wholes none;  // the writers of parts would have to wait for each other
  Placement(plan, lifetimes, none, order).run();
  return std::move(order.dependencies);
}

}  // namespace dagrad::detail
