#include "dagrad/dtype.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>

#include "dagrad/error.hpp"
#include "dagrad/literal.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (is_float(a) && is_float(b)) {
    throw TypeError(
        fmt::format("{} and {} do not mix: make them one dtype with cast(x, f64) or cast(x, f32)",
                    name(a), name(b)));
  }
  return std::max(a, b);  // declared in the order of promotion
}

void detail::throw_dtype_mismatch(DType is, DType asked) {
  throw TypeError(fmt::format("the elements are {}, not {}", name(is), name(asked)));
}

namespace {

std::int64_t integer_of(const Literal& literal, DType dtype) {
  if (literal.integral()) return literal.integer();
  const double real = literal.real();
  if (!(std::trunc(real) == real) || std::isinf(real)) {
    throw TypeError(fmt::format("the number {} does not fit {}: cast the tensor to a float dtype",
                                real, name(dtype)));
  }
  if (!(real >= -0x1p63 && real < 0x1p63)) {
    throw ArgumentError(fmt::format("the number {} is outside the range of {}", real, name(dtype)));
  }
  return static_cast<std::int64_t>(real);
}

template <class T>
T checked(std::int64_t integer, DType dtype) {
  constexpr std::int64_t low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
  if (integer < low || integer > high) {
    throw ArgumentError(
        fmt::format("the number {} is outside the range of {}", integer, name(dtype)));
  }
  return static_cast<T>(integer);
}

}  // namespace

std::uint64_t Literal::bits(DType dtype) const {
  switch (dtype) {
    case DType::boolean:
      return checked<bool>(integer_of(*this, dtype), dtype);
    case DType::int32:
      return static_cast<std::uint32_t>(checked<std::int32_t>(integer_of(*this, dtype), dtype));
    case DType::int64:
      return static_cast<std::uint64_t>(integer_of(*this, dtype));
    case DType::float32:  // from the integer itself: by way of a double it would be rounded twice
      return std::bit_cast<std::uint32_t>(integral_ ? static_cast<float>(integer_)
                                                    : static_cast<float>(real_));
    case DType::float64:
      break;
  }
  return std::bit_cast<std::uint64_t>(real_);
}

}  // namespace dagrad
