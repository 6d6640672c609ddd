#include "src/exec/all_finite.hpp"

#include <atomic>
#include <cstdint>
#include <cstring>

namespace dagrad::detail {

namespace {

constexpr std::int64_t piece_bytes = std::int64_t{1} << 17;

/// Whether no element is infinite or NaN, that is, has an exponent of all ones. Adding the lowest
/// bit of the exponent carries into the sign bit only for such elements.
template <class Bits>
bool finite(const std::byte* data, std::int64_t begin, std::int64_t end, Bits exponent) {
  const auto lowest = static_cast<Bits>(exponent & (~exponent + 1));
  Bits sums = 0;
  for (std::int64_t i = begin; i < end; ++i) {
    Bits element;
    std::memcpy(&element, data + i * static_cast<std::int64_t>(sizeof(Bits)), sizeof(Bits));
    sums = static_cast<Bits>(sums | static_cast<Bits>((element & exponent) + lowest));
  }
  return sums >> (8 * sizeof(Bits) - 1) == 0;
}

bool finite(const View& view, std::int64_t begin, std::int64_t end) {
  const auto* const data = static_cast<const std::byte*>(view.data);
  switch (view.type.dtype) {
    case DType::float16:
      return finite<std::uint16_t>(data, begin, end, 0x7c00);
    case DType::bfloat16:
      return finite<std::uint16_t>(data, begin, end, 0x7f80);
    case DType::float32:
      return finite<std::uint32_t>(data, begin, end, 0x7f800000);
    case DType::float64:
      return finite<std::uint64_t>(data, begin, end, 0x7ff0000000000000);
    default:
      return true;
  }
}

}  // namespace

bool all_finite(const View& view, const Parallel& parallel) {
  if (!is_float(view.type.dtype)) return true;
  std::atomic<bool> all{true};
  const std::int64_t piece = piece_bytes / static_cast<std::int64_t>(size_of(view.type.dtype));
  parallel.ranges(view.type.elements(), piece, [&](std::int64_t begin, std::int64_t end) {
    if (!finite(view, begin, end)) all.store(false, std::memory_order_relaxed);
  });
  return all.load(std::memory_order_relaxed);
}

}  // namespace dagrad::detail
