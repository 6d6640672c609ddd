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

/// What a program calls a dtype, and the C++ type of its elements. In the order of DType.
struct InPrograms {
  std::string_view dtype, element;
};
constexpr InPrograms names_in_programs[] = {{"b8", "bool"},          {"i8", "std::int8_t"},
                                            {"u8", "std::uint8_t"},  {"i16", "std::int16_t"},
                                            {"i32", "std::int32_t"}, {"i64", "std::int64_t"},
                                            {"f16", "Float16"},      {"bf16", "BFloat16"},
                                            {"f32", "float"},        {"f64", "double"}};
static_assert(std::size(names_in_programs) == std::size(detail::dtype_traits));

const InPrograms& in_programs(DType dtype) {
  return names_in_programs[static_cast<std::size_t>(dtype)];
}

}  // namespace

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (is_float(a) && is_float(b)) {
    throw TypeError(fmt::format(
        "{} and {} do not mix: make them one dtype with cast(x, {}) or "
        "cast(x, {})",
        name(a), name(b), in_programs(std::max(a, b)).dtype, in_programs(std::min(a, b)).dtype));
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
  throw TypeError(fmt::format("the elements are {}, not {}: ask for {}, or convert with cast({})",
                              name(is), name(asked), in_programs(is).element,
                              in_programs(asked).dtype));
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
