#pragma once

#include <cstring>

#include "dagrad/convert.hpp"
#include "dagrad/program.hpp"

/// Properties of the primitives: their operands and results.
namespace dagrad::detail {

constexpr std::size_t words = static_cast<std::size_t>(Primitive::power) + 1;

constexpr int arity_of(Primitive p) {
  if (p <= Primitive::constant) return 0;
  if (p <= Primitive::erfc) return 1;
  if (p == Primitive::select) return 3;
  if (p <= Primitive::pull) return 2;
  return p >= Primitive::logaddexp ? 2 : 1;
}

/// Primitives computed by library calls, which cost as much as tens of additions.
constexpr bool is_function(Primitive p) {
  return (p >= Primitive::exp && p <= Primitive::erfc) ||
         (p >= Primitive::pow && p <= Primitive::polygamma);
}

/// Functions that every instruction set computes by the same plain code, because there is no vector
/// code.
constexpr bool is_own(Primitive p) {
  return p == Primitive::lgamma || (p >= Primitive::remainder && p <= Primitive::polygamma);
}

/// Primitives defined by a formula of earlier primitives.
constexpr bool is_composite(Primitive p) { return p >= Primitive::sigmoid; }

/// Primitives whose result is always a bool.
constexpr bool is_test(Primitive p) {
  return (p >= Primitive::is_nan && p <= Primitive::logical_not) ||
         (p >= Primitive::equal && p <= Primitive::logical_xor);
}

/// Dtypes that a primitive takes; for `select`, those of its two sides.
constexpr DTypes operand_dtypes(Primitive p) {
  switch (p) {
    case Primitive::input:
    case Primitive::constant:
    case Primitive::cast:
    case Primitive::is_nan:
    case Primitive::is_finite:
    case Primitive::maximum:
    case Primitive::minimum:
    case Primitive::equal:
    case Primitive::not_equal:
    case Primitive::less:
    case Primitive::less_equal:
    case Primitive::greater:
    case Primitive::greater_equal:
    case Primitive::select:
      return all_dtypes;
    case Primitive::logical_not:
    case Primitive::logical_and:
    case Primitive::logical_or:
    case Primitive::logical_xor:
      return {b8};
    case Primitive::neg:
    case Primitive::abs:
    case Primitive::floor:
    case Primitive::ceil:
    case Primitive::round:
    case Primitive::trunc:
    case Primitive::add:
    case Primitive::sub:
    case Primitive::mul:
    case Primitive::remainder:
    case Primitive::floor_divide:
    case Primitive::pull:
    case Primitive::sign:
      return number_dtypes;
    default:
      return float_dtypes;
  }
}

/// Dtype of a step's operands, which differs from that of its result for tests and casts. Values
/// are held in its `compute_dtype`.
inline DType operand_dtype(const Program& program, const Instruction& step) {
  if (arity_of(step.primitive) == 0) return step.dtype;
  return program.steps[step.primitive == Primitive::select ? step.b : step.a].dtype;
}

/// The element stored in the low bytes.
template <class T>
T element(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// The value of a constant as a double.
inline double constant_value(const Program& program, const Instruction& constant) {
  return dispatch_stored(constant.dtype, [&]<class T>(std::type_identity<T>) {
    return static_cast<double>(widen(element<T>(program.constants[constant.data])));
  });
}

}  // namespace dagrad::detail
