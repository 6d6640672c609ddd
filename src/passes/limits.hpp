#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dagrad/op.hpp"

/// The limits by which passes decide, which explanations of a plan name.
namespace dagrad::detail {

/// What a group of elementwise nodes may compute in one loop. Larger groups would gain little:
/// loops with many arrays run into the limits of prefetching, and those with many values into that
/// of registers.
struct LoopLimits {
  /// Results of so many elements do not stay in the cache. To store one and read it again takes
  /// longer than to spill registers, and operands that repeat are smaller and do stay there.
  static constexpr std::int64_t large_result = 1 << 16;

  std::uint32_t weight = 256;
  std::size_t operands = 24, results = 16;
};
constexpr LoopLimits loop_limits(std::int64_t elements) {
  if (elements < LoopLimits::large_result) return {};
  return {.weight = 1024, .operands = 48};
}
/// About the number of instructions of a program.
std::uint32_t weight_of(const Program& program);

/// Values that are smaller stay in the cache anyway, so that tiles, and sums in the loop that
/// computes what is summed, save nothing.
constexpr std::size_t large_value = std::size_t{1} << 19;  // bytes
/// The code of a loop with sums has up to eight copies of its body with AVX-512, and 16 with AVX2.
constexpr std::size_t most_steps_with_sums = 256;

/// Smaller products stay in the first cache.
constexpr std::size_t least_product = std::size_t{1} << 15;  // bytes
/// Each row of a part of a product with an epilogue may cost a call.
constexpr std::int64_t least_product_columns = 64;

/// Copies of smaller slices stay in the cache and take little time.
constexpr std::size_t large_window = std::size_t{1} << 15;  // bytes

/// Whether an op is a product for which tiles do not pay off.
bool is_heavy_product(const Op& op, std::span<const Type> in);

}  // namespace dagrad::detail
