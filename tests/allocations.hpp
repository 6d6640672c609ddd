#pragma once

#include <cstdint>

/// Replaces this program's global operator new, and `realloc` in what is linked statically, by ones
/// that count and can be made to fail. They do not affect calls of malloc in libraries.
namespace dagrad::test {

/// Which allocations fail.
enum class Failures : std::uint8_t {
  one,        ///< only the n-th
  from_there  ///< the n-th and all after it
};

/// While it exists, allocations fail; they are counted from 1.
class FailingNew {
 public:
  FailingNew(std::int64_t n, Failures failures);
  FailingNew(const FailingNew&) = delete;
  FailingNew& operator=(const FailingNew&) = delete;
  ~FailingNew();

  /// Whether an allocation has failed.
  bool failed() const;
};

/// Number of allocations so far, number of those not freed yet, and bytes allocated with an
/// alignment of 64, which are memory for elements.
std::int64_t allocations();
std::int64_t live_allocations();
std::int64_t aligned_bytes();

}  // namespace dagrad::test
