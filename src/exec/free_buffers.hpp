#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace dagrad::detail {

/// Buffers that no slot holds, sorted by size; buffers of one size are kept in the order in which
/// they became free.
class FreeBuffers {
 public:
  static constexpr std::uint32_t none = 0xffffffff;
  struct Entry {
    std::uint32_t buffer;
    std::uint32_t last_use;  ///< time of the last step that used it
  };
  /// Which of the buffers of one size to use first.
  enum class First : std::uint8_t { newest, oldest };

  explicit FreeBuffers(First first) : first_(first) {}

  void add(std::uint64_t blocks, Entry entry) { by_size_[blocks].entries.push_back(entry); }

  /// Takes the smallest buffer that is large enough, unless more than half of it would be wasted;
  /// else the largest smaller one, if it has at least half the size. Considers only the first
  /// buffer of each size, and only if `usable` accepts it. Returns `none` if there is no such
  /// buffer.
  template <class Usable>
  std::uint32_t take(std::uint64_t blocks, const Usable& usable) {
    const auto enough = by_size_.lower_bound(blocks);
    int tries = 0;
    for (auto at = enough; at != by_size_.end() && at->first <= 2 * blocks && tries < most_tries;
         ++at, ++tries)
      if (usable(front(at->second))) return remove(at);
    tries = 0;
    for (auto at = enough; at != by_size_.begin() && tries < most_tries; ++tries) {
      --at;
      if (2 * at->first < blocks) break;
      if (usable(front(at->second))) return remove(at);
    }
    return none;
  }

 private:
  static constexpr int most_tries = 8;  // sizes to try, so that planning takes linear time

  struct OneSize {
    std::vector<Entry> entries;
    std::size_t oldest = 0;  ///< position of the oldest entry that is not taken
  };
  using BySize = std::map<std::uint64_t, OneSize>;  // no list is empty

  const Entry& front(const OneSize& free) const {
    return first_ == First::oldest ? free.entries[free.oldest] : free.entries.back();
  }
  std::uint32_t remove(BySize::iterator at) {
    OneSize& free = at->second;
    const std::uint32_t buffer = front(free).buffer;
    if (first_ == First::oldest)
      ++free.oldest;
    else
      free.entries.pop_back();
    if (free.oldest == free.entries.size()) by_size_.erase(at);
    return buffer;
  }

  First first_;
  BySize by_size_;
};

}  // namespace dagrad::detail
