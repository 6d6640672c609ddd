#pragma once

#include <cstdint>

/// Every way to the heap that C++ has, counted, and made to fail. Linked into a program it replaces
/// `operator new` in all of it.
namespace dagrad::test {

/// Calls of operator new in this program so far.
std::int64_t allocations();
/// Bytes asked for with an alignment of 64 so far: memory for elements.
std::int64_t aligned_bytes();

/// While it lives, one call of operator new fails: the one after `calls` others.
class FailingAllocation {
 public:
  explicit FailingAllocation(std::int64_t calls);
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
  ~FailingAllocation();

  /// Whether there were enough calls.
  bool happened() const;
};

}  // namespace dagrad::test
