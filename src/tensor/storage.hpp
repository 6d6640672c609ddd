#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "dagrad/tensor.hpp"

namespace dagrad::detail {

/// Loops write whole blocks of this many bytes, and start at multiples of it.
inline constexpr std::size_t block_bytes = 64;

/// Bytes of whole blocks that hold `bytes`; at least one block, so that no data is null.
constexpr std::size_t padded(std::size_t bytes) {
  return bytes == 0 ? block_bytes : (bytes + block_bytes - 1) / block_bytes * block_bytes;
}

struct FreeBlocks {
  void operator()(std::byte* blocks) const noexcept;
};
using Blocks = std::unique_ptr<std::byte, FreeBlocks>;

/// Whole blocks, aligned to a block, of any content: the one place memory for elements comes from.
/// Throws RunError naming the size where memory is out. `in_front` are bytes of whole blocks before
/// those, which the caller did not ask for.
Blocks allocate_blocks(std::size_t bytes, std::size_t in_front = 0);

/// A tensor whose elements are yet to be written; the padding behind them is zero.
Tensor uninitialized(const Type& type);

/// What a counted handle points at. It fills the block in front of elements that dagrad allocated,
/// and stands alone for those handed over.
struct Storage::Header {
  std::atomic<std::int64_t> references{1};
  void* data = nullptr;
  bool in_front = false;               ///< of the elements, in the same memory
  std::function<void(void*)> deleter;  ///< of elements elsewhere
  MemoryKind kind = MemoryKind::host;
};
static_assert(sizeof(Storage::Header) <= block_bytes);

}  // namespace dagrad::detail
