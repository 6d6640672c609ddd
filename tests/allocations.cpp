#include "tests/allocations.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

std::atomic<std::int64_t> made{0}, live{0}, bytes_of_elements{0};
std::atomic<std::int64_t> left{never};  ///< number of allocations until the first that fails
std::atomic<bool> all_fail{false};
std::atomic<bool> has_failed{false};

bool fails() {
  if (left.load(std::memory_order_relaxed) == never) return false;
  const std::int64_t before = left.fetch_sub(1, std::memory_order_relaxed);
  if (before > 1 || (before < 1 && !all_fail)) return false;
  has_failed = true;
  return true;
}

void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
  made.fetch_add(1, std::memory_order_relaxed);
  if (fails()) return nullptr;
  if (alignment == 64)
    bytes_of_elements.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
  // Passes on the exact size, as malloc does, so that the sanitizer knows it.
  void* memory = nullptr;
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__)
    memory = std::malloc(std::max<std::size_t>(bytes, 1));
  else if (posix_memalign(&memory, alignment, std::max<std::size_t>(bytes, 1)) != 0)
    memory = nullptr;
  if (memory != nullptr) live.fetch_add(1, std::memory_order_relaxed);
  return memory;
}
// Not inlined, because gcc warns about free for memory from new.
[[gnu::noinline]] void release(void* memory) noexcept {
  if (memory == nullptr) return;
  live.fetch_sub(1, std::memory_order_relaxed);
  std::free(memory);
}
void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

namespace dagrad::test {

FailingNew::FailingNew(std::int64_t n, Failures failures) {
  has_failed = false;
  all_fail = failures == Failures::from_there;
  left = n;
}
FailingNew::~FailingNew() { left = never; }
bool FailingNew::failed() const { return has_failed; }

std::int64_t allocations() { return made; }
std::int64_t live_allocations() { return live; }
std::int64_t aligned_bytes() { return bytes_of_elements; }

}  // namespace dagrad::test

// The linker calls the second of these wherever realloc is called, and the first is realloc itself
// (--wrap). What it allocates does not count as live, as it is freed without operator delete.
extern "C" {
void* __real_realloc(void* memory, std::size_t bytes);
void* __wrap_realloc(void* memory, std::size_t bytes) {
  made.fetch_add(1, std::memory_order_relaxed);
  return fails() ? nullptr : __real_realloc(memory, bytes);
}
}

void* operator new(std::size_t bytes) { return or_throw(allocate(bytes, 1)); }
void* operator new[](std::size_t bytes) { return or_throw(allocate(bytes, 1)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return or_throw(allocate(bytes, static_cast<std::size_t>(alignment)));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return or_throw(allocate(bytes, static_cast<std::size_t>(alignment)));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes, 1); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes, 1);
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment,
                     const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
