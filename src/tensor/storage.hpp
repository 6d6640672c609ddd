#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "dagrad/tensor.hpp"

namespace dagrad::detail {

/// Loops write whole blocks of this many bytes, aligned to that size.
inline constexpr std::size_t block_bytes = 64;

/// The size of the whole blocks that hold `bytes`; at least one block, so that data is never null.
constexpr std::size_t padded(std::size_t bytes) {
  return bytes == 0 ? block_bytes : (bytes + block_bytes - 1) / block_bytes * block_bytes;
}

struct FreeBlocks {
  void operator()(std::byte* blocks) const noexcept;
};
using Blocks = std::unique_ptr<std::byte, FreeBlocks>;

/// Allocates whole, aligned, uninitialised blocks. All memory for elements comes from here. Throws
/// RunError naming `bytes` if memory runs out. `in_front` is the size of additional blocks in
/// front, which errors do not mention.
Blocks allocate_blocks(std::size_t bytes, std::size_t in_front = 0);

/// A tensor whose elements are uninitialised; the padding after them is zero.
Tensor uninitialized(const Type& type);

/// What a reference-counted handle points to. It occupies the block in front of elements that
/// dagrad has allocated, and is allocated by itself for adopted memory.
struct Storage::Header {
  std::atomic<std::int64_t> references{1};
  void* data = nullptr;
  bool in_front = false;  ///< whether it lies in front of the elements, in the same memory
  std::function<void(void*)> deleter;  ///< frees adopted memory
  MemoryKind kind = MemoryKind::host;
};
static_assert(sizeof(Storage::Header) <= block_bytes);

}  // namespace dagrad::detail
