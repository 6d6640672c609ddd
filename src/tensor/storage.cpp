#include "src/tensor/storage.hpp"

#include <fmt/format.h>

#include <new>

#include "dagrad/error.hpp"

namespace dagrad::detail {

void FreeBlocks::operator()(std::byte* blocks) const noexcept {
  ::operator delete (blocks, std::align_val_t{block_bytes});
}

Blocks allocate_blocks(std::size_t bytes, std::size_t in_front) {
  void* blocks =
      ::operator new (in_front + padded(bytes), std::align_val_t{block_bytes}, std::nothrow);
  if (blocks == nullptr)
    throw RunError(fmt::format("out of memory: cannot allocate {} bytes", bytes));
  return Blocks(static_cast<std::byte*>(blocks));
}

Storage Storage::allocate(std::size_t bytes) {
  Blocks blocks = allocate_blocks(bytes, block_bytes);
  auto* header = new (blocks.get()) Header;
  header->data = blocks.release() + block_bytes;
  header->in_front = true;
  return Storage(header);
}

Storage Storage::adopt(void* data, std::function<void(void*)> deleter, MemoryKind kind) {
  auto header = std::make_unique<Header>();
  header->deleter = std::move(deleter);
  header->data = data;
  header->kind = kind;
  return Storage(header.release());
}

void Storage::retain() const noexcept {
  header_->references.fetch_add(1, std::memory_order_relaxed);
}

void Storage::release() const noexcept {
  if (header_->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (header_->in_front) {
    header_->~Header();
    FreeBlocks{}(reinterpret_cast<std::byte*>(header_));
  } else {
    if (header_->deleter) header_->deleter(header_->data);
    delete header_;
  }
}

void* Storage::data() const noexcept { return header_ == nullptr ? nullptr : header_->data; }

// Acquire orders the reads of the last other holder before our writes.
bool Storage::sole() const noexcept {
  return header_ != nullptr && header_->references.load(std::memory_order_acquire) == 1;
}

bool Storage::whole_blocks() const noexcept { return header_ != nullptr && header_->in_front; }

MemoryKind Storage::kind() const noexcept {
  return header_ == nullptr ? MemoryKind::host : header_->kind;
}

}  // namespace dagrad::detail
