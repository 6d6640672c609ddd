#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dagrad::detail {

/// Machine code of a loop is called with pointers to inputs and outputs, elements (at least 1) and
/// constants.
using LoopEntry = void (*)(const void* const* in, void* const* out, std::int64_t n,
                           const std::uint64_t* constants);

/// Machine code in pages of its own, which are written first and executable then, never both.
class ExecutableCode {
 public:
  ExecutableCode() = default;
  /// `entry()` is null where the system gives no executable memory.
  explicit ExecutableCode(std::span<const std::uint8_t> code);
  ExecutableCode(const ExecutableCode&) = delete;
  ExecutableCode& operator=(const ExecutableCode&) = delete;
  ~ExecutableCode();

  LoopEntry entry() const { return reinterpret_cast<LoopEntry>(pages_); }
  std::size_t bytes() const { return bytes_; }
  /// Memory that it takes: whole pages.
  std::size_t held_bytes() const;

 private:
  void* pages_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace dagrad::detail
