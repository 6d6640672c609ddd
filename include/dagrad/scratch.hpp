#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dagrad/dtype.hpp"

namespace dagrad {

/// Where an op's scratch memory begins, and every part of it: a cache line.
inline constexpr std::size_t scratch_alignment = 64;

/// Bytes of whole lines that hold so many.
constexpr std::size_t whole_lines(std::size_t bytes) {
  return (bytes + scratch_alignment - 1) / scratch_alignment * scratch_alignment;
}

/// Some elements of scratch memory.
class ScratchPart {
 public:
  ScratchPart() = default;
  ScratchPart(std::size_t offset, std::size_t bytes) : offset_(offset), bytes_(bytes) {}

  std::size_t bytes() const { return bytes_; }
  /// Its elements, where the memory of the whole layout begins at `scratch`.
  template <class T>
  std::span<T> in(void* scratch) const {
    auto* const begin = static_cast<std::byte*>(scratch) + offset_;
    return {reinterpret_cast<T*>(begin), bytes_ / sizeof(T)};
  }

 private:
  std::size_t offset_ = 0, bytes_ = 0;
};

/// Parts of scratch memory, side by side. An op makes the same layout in `scratch`, which returns
/// its `bytes()`, and in `eval`, which finds the parts in `context.scratch()`; it keeps both in
/// step to make it in the constructor of a struct that holds the parts:
///
///     struct Memory {
///       ScratchLayout layout;
///       ScratchPart sums, counts;
///       explicit Memory(std::int64_t n) : sums(layout.add<double>(n)), counts(layout.add(i64, n))
///       {}
///     };
class ScratchLayout {
 public:
  template <class T>
  ScratchPart add(std::int64_t count) {
    return add(count, sizeof(T));
  }
  ScratchPart add(DType dtype, std::int64_t count) { return add(count, size_of(dtype)); }
  /// Such a layout for each of `count` tasks; that of task i begins i * layout.bytes() behind the
  /// part's first byte.
  ScratchPart add(const ScratchLayout& layout, std::int64_t count) {
    return add(count, layout.bytes());
  }

  /// Bytes of all parts, a multiple of `scratch_alignment`.
  std::size_t bytes() const { return bytes_; }

 private:
  ScratchPart add(std::int64_t count, std::size_t size) {
    const ScratchPart part(bytes_, static_cast<std::size_t>(count) * size);
    bytes_ += whole_lines(part.bytes());
    return part;
  }

  std::size_t bytes_ = 0;
};

}  // namespace dagrad
