#include "src/tensor/finite_elements.hpp"

#include <cstring>

namespace dagrad::detail {

namespace {

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

}  // namespace

bool all_finite(const View& view, std::int64_t begin, std::int64_t end) {
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

}  // namespace dagrad::detail
