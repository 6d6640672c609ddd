#include "tests/exec/allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::int64_t> calls{0}, bytes_of_elements{0};
std::atomic<std::int64_t> until_failure{-1};  // below 0: none to come

void* allocate(std::size_t bytes, std::size_t alignment) {
  calls.fetch_add(1);
  if (until_failure.load() >= 0 && until_failure.fetch_sub(1) == 0) return nullptr;
  if (alignment == 64) bytes_of_elements.fetch_add(static_cast<std::int64_t>(bytes));
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}
// Not inlined, or gcc wonders at free beside new.
[[gnu::noinline]] void release(void* memory) { std::free(memory); }
void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return or_throw(allocate(bytes, 16)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return or_throw(allocate(bytes, static_cast<std::size_t>(alignment)));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes, 16);
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace dagrad::test {

std::int64_t allocations() { return calls; }
std::int64_t aligned_bytes() { return bytes_of_elements; }

FailingAllocation::FailingAllocation(std::int64_t after) { until_failure = after; }
FailingAllocation::~FailingAllocation() { until_failure = -1; }
bool FailingAllocation::happened() const { return until_failure < 0; }

}  // namespace dagrad::test
