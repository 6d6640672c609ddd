#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "dagrad/config.hpp"

namespace dagrad::detail {

/// A table that grows at its end, in segments of which each holds as many elements as all before.
/// No element moves, and growing leaves no memory behind: a vector's old copies stay with the
/// process as holes between what has been allocated since.
template <class T>
class Segments {
  static_assert(std::is_trivial_v<T>);

 public:
  std::uint32_t size() const { return size_; }
  T& operator[](std::size_t index) {
    const Place at = place(index);
    return segments_[at.segment][at.offset];
  }
  const T& operator[](std::size_t index) const {
    const Place at = place(index);
    return segments_[at.segment][at.offset];
  }

  /// Makes room for `more` elements, so that adding them cannot fail.
  void make_room(std::size_t more) {
    for (; size_ + more > (first << used_) - first; ++used_)
      segments_[used_] = std::make_unique_for_overwrite<T[]>(first << used_);
  }
  /// There is room.
  void push_back(const T& element) noexcept { (*this)[size_++] = element; }
  /// Removes the newest elements until `size` are left.
  void truncate(std::uint32_t size) noexcept { size_ = size; }

 private:
  static constexpr std::size_t first = 64;  ///< elements of the first segment
  struct Place {
    std::size_t segment, offset;
  };
  static Place place(std::size_t index) {
    const auto segment = static_cast<std::size_t>(std::bit_width(index / first + 1)) - 1;
    return {segment, index + first - (first << segment)};
  }

  std::array<std::unique_ptr<T[]>, 26> segments_;  ///< as many as 32-bit indices reach
  std::size_t used_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace dagrad::detail
