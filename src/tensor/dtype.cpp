#include "dagrad/dtype.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "dagrad/error.hpp"
#include "dagrad/literal.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

namespace {

/// The short name of a float dtype, such as "f32".
std::string short_name(DType dtype) {
  return fmt::format("{}f{}", dtype == bf16 ? "b" : "", 8 * size_of(dtype));
}

}  // namespace

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (is_float(a) && is_float(b)) {
    throw TypeError(
        fmt::format("{} and {} do not mix: make them one dtype with cast(x, {}) or "
                    "cast(x, {})",
                    name(a), name(b), short_name(std::max(a, b)), short_name(std::min(a, b))));
  }
  const auto [low, high] = std::minmax(a, b);
  return low == i8 && high == u8 ? i16 : high;  // the enumerators are in order of promotion
}

void detail::throw_stored_only(DType dtype) {
  throw TypeError(
      fmt::format("{} elements can be stored but not computed with: convert them with cast to {}",
                  name(dtype), name(compute_dtype(dtype))));
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
  return dispatch_stored(dtype, [&]<class T>(std::type_identity<T>) {
    T element;
    if constexpr (!is_float(dtype_of<T>))
      element = checked<T>(integer_of(*this, dtype), dtype);
    else if (integral_)  // through a double it would be rounded twice
      element = static_cast<T>(integer_);
    else
      element = static_cast<T>(real_);
    std::uint64_t bits = 0;
    std::memcpy(&bits, &element, sizeof element);
    return bits;
  });
}

}  // namespace dagrad
