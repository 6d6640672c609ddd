#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "dagrad/error.hpp"
#include "src/exec/plan.hpp"
#include "src/tensor/storage.hpp"

namespace dagrad::detail {

/// The end of memory, in blocks, after it has grown. Throws RunError if slots cannot lie so far.
inline std::uint64_t grown(std::uint64_t end, std::uint64_t blocks) {
  if (blocks > Slot::most / block_bytes - end)
    throw RunError("compile: a run needs more memory than the address space holds");
  return end + blocks;
}

/// Memory that grows at its end. Ranges of it are divided as needed; once free, they are joined
/// with free neighbours.
class FreeRanges {
 public:
  /// The slot that had a range last, and the time of the last step that used that slot.
  struct Use {
    std::uint32_t slot = 0, last = 0;
  };

  void release(std::uint64_t begin, std::uint64_t blocks, Use use) {
    released_.push({use.last, begin, blocks, use.slot});
  }

  /// Takes the beginning of the smallest free range that is large enough and was last used before
  /// `time`; otherwise the memory grows by what such a range at its end lacks. Returns where the
  /// taken range begins, and calls `had` with each slot that had a part of it last.
  template <class Had>
  std::uint64_t take(std::uint64_t blocks, std::uint32_t time, const Had& had) {
    for (; !released_.empty() && released_.top().last_use < time; released_.pop())
      join(released_.top());
    int tries = 0;
    for (auto at = by_size_.lower_bound({blocks, 0}); at != by_size_.end() && tries < most_tries;
         ++at, ++tries)
      if (const auto range = ranges_.find(at->second); range->second.last_use < time)
        return take_from(range, blocks, had);
    const std::uint64_t before = std::exchange(end_, grown(end_, blocks));
    if (ranges_.empty()) return before;
    const auto last = std::prev(ranges_.end());
    const auto [size, last_use] = last->second;
    if (last->first + size != before || last_use >= time) return before;
    end_ -= size;
    return take_from(last, size, had);
  }

  std::uint64_t end() const { return end_; }

 private:
  static constexpr int most_tries = 8;  // ranges to try, so that planning takes linear time

  struct Released {
    std::uint32_t last_use;
    std::uint64_t begin, blocks;
    std::uint32_t slot;
    bool operator<(const Released& other) const {  // the first to be used again is the greatest
      return std::pair(last_use, begin) > std::pair(other.last_use, other.begin);
    }
  };
  struct Range {
    std::uint64_t blocks;
    std::uint32_t last_use;
  };
  struct Part {
    std::uint64_t blocks;
    std::uint32_t slot;
  };
  using Ranges = std::map<std::uint64_t, Range>;

  void join(const Released& released) {
    parts_[released.begin] = {released.blocks, released.slot};
    std::uint64_t begin = released.begin;
    Range range{released.blocks, released.last_use};
    const auto absorb = [&](Ranges::iterator other) {
      begin = std::min(begin, other->first);
      range.blocks += other->second.blocks;
      range.last_use = std::max(range.last_use, other->second.last_use);
      return remove(other);
    };
    auto next = ranges_.lower_bound(begin);
    if (next != ranges_.end() && next->first == begin + range.blocks) next = absorb(next);
    if (next != ranges_.begin())
      if (const auto other = std::prev(next); other->first + other->second.blocks == begin)
        absorb(other);
    insert(begin, range);
  }

  template <class Had>
  std::uint64_t take_from(Ranges::iterator at, std::uint64_t blocks, const Had& had) {
    const auto [begin, range] = *at;
    remove(at);
    if (range.blocks > blocks) insert(begin + blocks, {range.blocks - blocks, range.last_use});
    for (std::uint64_t from = begin, end = begin + blocks; from < end;) {
      const auto part = parts_.extract(from).mapped();
      had(part.slot);
      if (part.blocks > end - from) parts_[end] = {part.blocks - (end - from), part.slot};
      from += part.blocks;
    }
    return begin;
  }

  void insert(std::uint64_t begin, const Range& range) {
    ranges_.emplace(begin, range);
    by_size_.emplace(range.blocks, begin);
  }
  Ranges::iterator remove(Ranges::iterator range) {
    by_size_.erase({range->second.blocks, range->first});
    return ranges_.erase(range);
  }

  std::uint64_t end_ = 0;
  std::priority_queue<Released> released_;  ///< since the last call of `take`, or used too late
  Ranges ranges_;                           ///< by their beginnings
  std::set<std::pair<std::uint64_t, std::uint64_t>> by_size_;  ///< their sizes and beginnings
  std::map<std::uint64_t, Part> parts_;                        ///< of the ranges, by beginning
};

}  // namespace dagrad::detail
