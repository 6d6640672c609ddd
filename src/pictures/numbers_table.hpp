#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dagrad::detail {

/// Numbers by keys of a few numbers, of which the first is never `no_key`. All entries are in one
/// block of memory: tables of a picture have hundreds of thousands of them.
template <std::size_t n>
class NumbersTable {
 public:
  using Key = std::array<std::uint32_t, n>;
  static constexpr std::uint32_t no_key = 0xffffffff;

  /// The value of the key, and whether it has been added now.
  std::pair<std::uint32_t&, bool> try_emplace(const Key& key, std::uint32_t value) {
    if (4 * (used_ + 1) > 3 * slots_.size()) grow();
    Slot& slot = slots_[place(key)];
    const bool fresh = slot.key[0] == no_key;
    if (fresh) {
      slot = {key, value};
      ++used_;
    }
    return {slot.value, fresh};
  }
  /// Whether the key has been added now.
  bool insert(const Key& key) { return try_emplace(key, 0).second; }
  /// Null if the key is not there.
  const std::uint32_t* find(const Key& key) const {
    if (used_ == 0) return nullptr;
    const Slot& slot = slots_[place(key)];
    return slot.key[0] == no_key ? nullptr : &slot.value;
  }
  bool contains(const Key& key) const { return find(key) != nullptr; }

 private:
  struct Slot {
    Key key{no_key};
    std::uint32_t value = 0;
  };

  /// Where the key is, or belongs.
  std::size_t place(const Key& key) const {
    std::uint64_t hash = n;
    for (const std::uint32_t number : key)
      hash = (hash ^ number) * 0x9e3779b97f4a7c15U, hash ^= hash >> 29;
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at].key[0] != no_key && slots_[at].key != key)
      at = (at + 1) & (slots_.size() - 1);
    return at;
  }

  void grow() {
    constexpr std::size_t least = 64;
    std::vector<Slot> old(std::max(least, 2 * slots_.size()));
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.key[0] != no_key) slots_[place(slot.key)] = slot;
  }

  std::vector<Slot> slots_;  ///< as many as a power of two
  std::size_t used_ = 0;
};

}  // namespace dagrad::detail
