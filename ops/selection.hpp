#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "ops/radix_sort.hpp"

/// Finding the first elements of a line in an order, without sorting the others.
namespace dagrad {

/// Divides a line into groups; its elements belong to them in turn. As many elements as there are
/// groups come first in theirs, so the one that is last among the first `wanted` of those is a
/// bound: no element behind it is wanted, and usually few others are not.
class Selection {
 public:
  /// Whether this pays for that many elements of a line.
  static bool pays(std::int64_t length, std::int64_t wanted) {
    return wanted > 0 && wanted <= length / 16;
  }

  /// For lines of at least this length, of which `pays` is true.
  Selection(std::int64_t length, std::int64_t wanted) : wanted_(wanted) {
    // The bound takes about 8 ns for each group, and each element of a group that may have wanted
    // ones takes 1 ns.
    const double balanced =
        std::sqrt(static_cast<double>(wanted) * static_cast<double>(length) / 8);
    groups_ = std::min((static_cast<std::int64_t>(balanced) + 15) / 16 * 16, length);
    most_ = 2 * wanted + (length + length / 2) / groups_ + 2;
  }
  /// How many keys and entries `find` needs for its work.
  std::int64_t keys() const { return 3 * groups_; }
  std::int64_t entries() const { return most_; }

  /// Finds the first of the elements [begin, end) of x in the order of their keys, or if `flip` is
  /// all bits, in the opposite order. There are at most half as many more as were given to the
  /// constructor. Returns how many entries were found: those that are wanted, in any order.
  template <class T, class Key, class Entry>
  std::int64_t find(const T* x, std::int64_t begin, std::int64_t end, Key flip, Key* keys,
                    Entry* entries) const {
    find_firsts(x + begin, end - begin, flip, keys);
    const Key bound = find_bound(keys);
    std::int64_t count = 0;
    for (std::int64_t group = 0; group < groups_; ++group) {
      if (keys[group] > bound) continue;
      if (count + (end - begin) / groups_ + 1 > most_)
        count = cut(entries, count);  // many are equal
      for (std::int64_t i = begin + group; i < end; i += groups_) {
        const Key key = key_of(x[i]) ^ flip;
        entries[count] = Entry(key, i);
        count += key <= bound ? 1 : 0;
      }
    }
    return cut(entries, count);
  }

 private:
  /// For each group the key of its first element. Elements are compared as they are, many at a
  /// time, unless there is a NaN.
  template <class T, class Key>
  void find_firsts(const T* x, std::int64_t n, Key flip, Key* keys) const {
    int nan = 0;
    for (std::int64_t i = 0; i < n; ++i) nan += x[i] != x[i] ? 1 : 0;
    T* const firsts = reinterpret_cast<T*>(keys + groups_);
    if (nan != 0)
      return fold(
          x, n, keys, [=](T e) { return static_cast<Key>(key_of(e) ^ flip); },
          [](Key a, Key b) { return b < a ? b : a; });
    if (flip == 0)
      fold(
          x, n, firsts, [](T e) { return e; }, [](T a, T b) { return b < a ? b : a; });
    else
      fold(
          x, n, firsts, [](T e) { return e; }, [](T a, T b) { return b > a ? b : a; });
    for (std::int64_t j = 0; j < groups_; ++j) keys[j] = key_of(firsts[j]) ^ flip;
  }
  template <class T, class To, class Read, class Join>
  void fold(const T* x, std::int64_t n, To* to, Read read, Join join) const {
    for (std::int64_t j = 0; j < groups_; ++j) to[j] = read(x[j]);
    for (std::int64_t i = groups_; i < n; i += groups_) {
      const std::int64_t width = std::min(groups_, n - i);
      for (std::int64_t j = 0; j < width; ++j) to[j] = join(to[j], read(x[i + j]));
    }
  }
  template <class Key>
  Key find_bound(Key* keys) const {
    Key* const copy = keys + 2 * groups_;
    std::copy_n(keys, groups_, copy);
    std::nth_element(copy, copy + wanted_ - 1, copy + groups_);
    return copy[wanted_ - 1];
  }
  /// Leaves only entries that are wanted.
  template <class Entry>
  std::int64_t cut(Entry* entries, std::int64_t count) const {
    if (count > wanted_) std::nth_element(entries, entries + wanted_, entries + count);
    return std::min(count, wanted_);
  }

  std::int64_t wanted_, groups_, most_;
};

}  // namespace dagrad
