#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dagrad/dtype.hpp"

namespace dagrad {

/// The alignment of an op's scratch memory and of each part of it: a cache line.
inline constexpr std::size_t scratch_alignment = 64;

/// Rounds up to whole cache lines.
constexpr std::size_t whole_lines(std::size_t bytes) {
  return (bytes + scratch_alignment - 1) / scratch_alignment * scratch_alignment;
}

/// A part of scratch memory.
class ScratchPart {
 public:
  ScratchPart() = default;
  ScratchPart(std::size_t offset, std::size_t bytes) : offset_(offset), bytes_(bytes) {}

  std::size_t bytes() const { return bytes_; }
  /// The elements of this part, if the memory of the whole layout begins at `scratch`.
  template <class T>
  std::span<T> in(void* scratch) const {
    auto* const begin = static_cast<std::byte*>(scratch) + offset_;
    return {reinterpret_cast<T*>(begin), bytes_ / sizeof(T)};
  }

 private:
  std::size_t offset_ = 0, bytes_ = 0;
};

/// A layout of scratch memory with several parts. An op constructs the same layout in `scratch`,
/// which returns its `bytes()`, and in `eval`, which finds the parts in `context.scratch()`. A
/// struct that holds the layout and its parts keeps the two consistent:
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
  /// Adds such a layout for each of `count` tasks; that of task i begins at offset i *
  /// layout.bytes() of the part.
  ScratchPart add(const ScratchLayout& layout, std::int64_t count) {
    return add(count, layout.bytes());
  }

  /// Size of all parts in bytes, a multiple of `scratch_alignment`.
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
