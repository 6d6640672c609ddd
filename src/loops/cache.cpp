#include "src/loops/cache.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "src/loops/pairs.hpp"

namespace dagrad::detail {

namespace {

/// Everything that machine code depends on: steps, dtypes, results, strides and the number of
/// elements of a pair, but not the values of constants.
std::vector<std::uint32_t> structure(const Program& program, std::span<const std::int64_t> in_step,
                                     std::int64_t pair) {
  std::vector<std::uint32_t> key;
  key.reserve(4 + program.steps.size() * 5 + program.inputs.size() + program.outputs.size());
  key.push_back(static_cast<std::uint32_t>(program.steps.size()));
  for (const Instruction& i : program.steps) {
    key.push_back(static_cast<std::uint32_t>(i.primitive) | static_cast<std::uint32_t>(i.dtype)
                                                                << 8);
    key.insert(key.end(), {i.a, i.b, i.c, i.data});
  }
  key.push_back(static_cast<std::uint32_t>(program.inputs.size()));
  for (std::size_t i = 0; i < program.inputs.size(); ++i) {
    key.push_back(static_cast<std::uint32_t>(program.inputs[i]) | (in_step[i] != 0 ? 256U : 0U));
  }
  key.insert(key.end(), program.outputs.begin(), program.outputs.end());
  key.push_back(static_cast<std::uint32_t>(pair));
  return key;
}

/// Adds what the code of sums depends on.
void append(const kernels::LoopSums& sums, std::vector<std::uint32_t>& key) {
  const auto append_long = [&](std::int64_t number) {
    key.push_back(static_cast<std::uint32_t>(number));
    key.push_back(static_cast<std::uint32_t>(number >> 32));
  };
  key.insert(key.end(), sums.summed.begin(), sums.summed.end());
  std::ranges::for_each(sums.row_steps, append_long);
  std::ranges::for_each(sums.next_steps, append_long);
  append_long(sums.next_size);
  append_long(sums.row_size);
  append_long(sums.lanes);
  append_long(sums.parts);
}

}  // namespace

std::size_t LoopCache::Hash::operator()(const Key& key) const noexcept {
  std::uint64_t hash = key.size();
  for (std::uint32_t word : key) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 29;
  }
  return hash;
}

std::size_t LoopCache::Entry::held_bytes() const {
  constexpr std::size_t nodes = 64;  // approximate size of the nodes of list and index
  return nodes + sizeof(Entry) + key.size() * sizeof(Key::value_type) + loop->held_bytes();
}

std::shared_ptr<const Loop> LoopCache::get(const Program& lowered,
                                           std::span<const std::int64_t> in_step,
                                           std::int64_t elements) {
  const std::int64_t pair = is_pair(lowered, elements, set_) ? elements : 0;
  return find_or_make(structure(lowered, in_step, pair), lowered, in_step, pair, {});
}

std::shared_ptr<const Loop> LoopCache::get(const Program& lowered,
                                           std::span<const std::int64_t> in_step,
                                           const kernels::LoopSums& sums) {
  Key key = structure(lowered, in_step, 0);
  append(sums, key);
  return find_or_make(std::move(key), lowered, in_step, 0, sums);
}

std::shared_ptr<const Loop> LoopCache::find_or_make(Key key, const Program& lowered,
                                                    std::span<const std::int64_t> in_step,
                                                    std::int64_t pair,
                                                    const kernels::LoopSums& sums) {
  Entries evicted;  // destroyed after the lock is released
  const std::lock_guard lock(mutex_);
  if (const auto at = index_.find(key); at != index_.end()) {
    entries_.splice(entries_.begin(), entries_, *at);
    ++counts_.reused;
    return entries_.front().loop;
  }
  Entries fresh;
  fresh.push_back(
      {std::move(key), std::make_shared<const Loop>(lowered, in_step, set_, pair, sums)});
  std::shared_ptr<const Loop> loop = fresh.front().loop;
  add(fresh);
  evict(evicted);
  return loop;
}

/// Takes over an entry. If it throws, nothing has changed.
void LoopCache::add(Entries& fresh) {
  index_.insert(fresh.begin());
  entries_.splice(entries_.begin(), fresh);
  const Entry& entry = entries_.front();
  held_bytes_ += entry.held_bytes();
  const std::size_t code = entry.loop->code_bytes();
  ++(code > 0 ? counts_.assembled : counts_.interpreted);
  counts_.bytes += static_cast<std::int64_t>(code);
}

/// Evicts the least recently used loops until the others fit.
void LoopCache::evict(Entries& evicted) {
  while (held_bytes_ > most_bytes_) {
    const auto last = std::prev(entries_.end());
    held_bytes_ -= last->held_bytes();
    counts_.bytes -= static_cast<std::int64_t>(last->loop->code_bytes());
    ++counts_.evicted;
    index_.erase(last);
    evicted.splice(evicted.end(), entries_, last);
  }
}

Runtime::CodeCache LoopCache::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace dagrad::detail
