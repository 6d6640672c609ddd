#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "dagrad/config.hpp"

namespace dagrad::detail {

/// A table that grows at its end, segment by segment. Elements never move, and growing frees no
/// memory, unlike a vector, whose old copies would fragment the heap.
template <class T>
class Segments {
  static_assert(std::is_trivial_v<T>);

 public:
  std::uint32_t size() const { return size_; }
  T& operator[](std::size_t index) { return segments_[index / length][index % length]; }
  const T& operator[](std::size_t index) const { return segments_[index / length][index % length]; }

  /// Makes room for `more` elements, so that adding them cannot fail.
  void make_room(std::size_t more) {
    while (size_ + more > segments_.size() * length)
      segments_.push_back(std::make_unique_for_overwrite<T[]>(length));
  }
  /// Appends an element, for which there must be room.
  void push_back(const T& element) noexcept { (*this)[size_++] = element; }
  /// Removes the newest elements until `size` are left.
  void truncate(std::uint32_t size) noexcept { size_ = size; }

 private:
  static constexpr std::size_t length = 1024;
  std::vector<std::unique_ptr<T[]>> segments_;
  std::uint32_t size_ = 0;
};

}  // namespace dagrad::detail
