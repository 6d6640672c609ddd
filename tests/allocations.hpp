#pragma once

#include <cstdint>

/// This program's global operator new: it counts, and fails where a test tells it to. The
/// libraries' own malloc is left alone.
namespace dagrad::test {

/// Which allocations fail.
enum class Failures : std::uint8_t {
  one,        ///< the n-th
  from_there  ///< the n-th and all after it
};

/// While it lives, allocations fail, the first counted as 1.
class FailingNew {
 public:
  FailingNew(std::int64_t n, Failures failures);
  FailingNew(const FailingNew&) = delete;
  FailingNew& operator=(const FailingNew&) = delete;
  ~FailingNew();

  /// Whether an allocation has failed.
  bool failed() const;
};

/// Allocations of this program so far, those of them that have not been given back, and bytes asked
/// for with an alignment of 64: memory for elements.
std::int64_t allocations();
std::int64_t live_allocations();
std::int64_t aligned_bytes();

}  // namespace dagrad::test
