#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dagrad::detail {

/// The entry point of a loop's machine code. Its arguments are pointers to inputs and outputs, the
/// number of elements (at least 1), and the constants.
using LoopEntry = void (*)(const void* const* in, void* const* out, std::int64_t n,
                           const std::uint64_t* constants);

/// The same for a loop with sums, which computes rows so many times and changes the pointers.
using SumsEntry = void (*)(const void** in, void** out, std::int64_t n,
                           const std::uint64_t* constants, std::int64_t times);

/// Machine code in its own pages, which are first written and then made executable, never both at
/// once.
class ExecutableCode {
 public:
  ExecutableCode() = default;
  /// `entry()` is null if the system refuses executable memory.
  explicit ExecutableCode(std::span<const std::uint8_t> code);
  ExecutableCode(const ExecutableCode&) = delete;
  ExecutableCode& operator=(const ExecutableCode&) = delete;
  ~ExecutableCode();

  LoopEntry entry() const { return reinterpret_cast<LoopEntry>(pages_); }
  SumsEntry sums_entry() const { return reinterpret_cast<SumsEntry>(pages_); }
  std::size_t bytes() const { return bytes_; }
  /// Memory that it occupies, in whole pages.
  std::size_t held_bytes() const;

 private:
  void* pages_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace dagrad::detail
