#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <type_traits>

#include "dagrad/narrow_floats.hpp"
#include "dagrad/version.hpp"

namespace dagrad {

/// Element type of a tensor, in the order of promotion. A bool is one byte, 0 or 1. Integers and
/// floats of 8 and 16 bits are storage dtypes: tensors hold them, but ops compute with them in
/// their `compute_dtype`.
enum class DType : std::uint8_t {
  boolean,
  int8,
  uint8,
  int16,
  int32,
  int64,
  float16,
  bfloat16,
  float32,
  float64
};

inline constexpr DType b8 = DType::boolean;
inline constexpr DType i8 = DType::int8;
inline constexpr DType u8 = DType::uint8;
inline constexpr DType i16 = DType::int16;
inline constexpr DType i32 = DType::int32;
inline constexpr DType i64 = DType::int64;
inline constexpr DType f16 = DType::float16;
inline constexpr DType bf16 = DType::bfloat16;
inline constexpr DType f32 = DType::float32;
inline constexpr DType f64 = DType::float64;

namespace detail {

/// The C++ types of elements, in the order of DType.
template <class... T>
struct ElementTypes {
  template <class E>
  static constexpr bool contains = (std::same_as<E, T> || ...);
  /// Position of E in the list.
  template <class E>
  static constexpr std::size_t find() {
    std::size_t at = 0;
    static_cast<void>(((std::same_as<E, T> || (++at, false)) || ...));
    return at;
  }
};
using Elements = ElementTypes<bool, std::int8_t, std::uint8_t, std::int16_t, std::int32_t,
                              std::int64_t, Float16, BFloat16, float, double>;

/// Properties of a dtype.
struct DTypeTraits {
  std::string_view name;
  std::size_t size;
  int digits;
  DType compute;
};
inline constexpr DTypeTraits dtype_traits[] = {{"bool", 1, 1, b8},      {"int8", 1, 7, i32},
                                               {"uint8", 1, 8, i32},    {"int16", 2, 15, i32},
                                               {"int32", 4, 31, i32},   {"int64", 8, 63, i64},
                                               {"float16", 2, 11, f32}, {"bfloat16", 2, 8, f32},
                                               {"float32", 4, 24, f32}, {"float64", 8, 53, f64}};
constexpr const DTypeTraits& traits_of(DType dtype) {
  return dtype_traits[static_cast<std::size_t>(dtype)];
}

[[noreturn]] void throw_stored_only(DType dtype);

}  // namespace detail

inline constexpr std::size_t dtype_count = std::size(detail::dtype_traits);

/// The C++ types that tensors hold.
template <class T>
concept Element = detail::Elements::contains<T>;

template <Element T>
inline constexpr DType dtype_of = static_cast<DType>(detail::Elements::find<T>());

/// "bool", "int8", …, "bfloat16", "float32", "float64".
constexpr std::string_view name(DType dtype) { return detail::traits_of(dtype).name; }

/// Bytes of one element.
constexpr std::size_t size_of(DType dtype) { return detail::traits_of(dtype).size; }

constexpr bool is_float(DType dtype) { return dtype >= DType::float16; }

/// Bits of an integer's magnitude or of a float's significand, including the hidden bit. All
/// integers below 2 to this power are represented exactly.
constexpr int digits(DType dtype) { return detail::traits_of(dtype).digits; }

/// The dtype in which ops compute: int32 for int8, uint8 and int16, float32 for float16 and
/// bfloat16, and the dtype itself for all others.
constexpr DType compute_dtype(DType dtype) { return detail::traits_of(dtype).compute; }

/// Whether the dtype is for storage only, so that ops compute in another one.
constexpr bool is_stored_only(DType dtype) { return compute_dtype(dtype) != dtype; }

/// The dtype to which both are promoted: for two integers (or bools, which count as 0 and 1) the
/// smallest that holds both; for a float and an integer that of the float. Throws TypeError
/// recommending `cast` if they are floats of different dtypes.
DType promote(DType a, DType b);

/// Calls `f(std::type_identity<T>{})` with the C++ type of a dtype that ops compute in. Throws
/// TypeError recommending `cast` if the dtype is for storage only.
template <class F>
decltype(auto) dispatch(DType dtype, F&& f) {
  switch (dtype) {
    case DType::boolean:
      return f(std::type_identity<bool>{});
    case DType::int32:
      return f(std::type_identity<std::int32_t>{});
    case DType::int64:
      return f(std::type_identity<std::int64_t>{});
    case DType::float32:
      return f(std::type_identity<float>{});
    case DType::float64:
      return f(std::type_identity<double>{});
    default:
      detail::throw_stored_only(dtype);
  }
}

/// The same for any dtype, for code that reads or writes elements one by one.
template <class F>
decltype(auto) dispatch_stored(DType dtype, F&& f) {
  switch (dtype) {
    case DType::int8:
      return f(std::type_identity<std::int8_t>{});
    case DType::uint8:
      return f(std::type_identity<std::uint8_t>{});
    case DType::int16:
      return f(std::type_identity<std::int16_t>{});
    case DType::float16:
      return f(std::type_identity<Float16>{});
    case DType::bfloat16:
      return f(std::type_identity<BFloat16>{});
    default:
      return dispatch(dtype, f);
  }
}

/// Calls `f(std::type_identity<U>{})` with the unsigned integer type of the dtype's element size,
/// for code that only moves elements.
template <class F>
decltype(auto) dispatch_width(DType dtype, F&& f) {
  switch (size_of(dtype)) {
    case 1:
      return f(std::type_identity<std::uint8_t>{});
    case 2:
      return f(std::type_identity<std::uint16_t>{});
    case 4:
      return f(std::type_identity<std::uint32_t>{});
    default:
      return f(std::type_identity<std::uint64_t>{});
  }
}

/// A set of dtypes, such as those that an op accepts.
class DTypes {
 public:
  template <class... D>
  constexpr DTypes(D... dtypes) : bits_((0U | ... | bit(dtypes))) {}
  constexpr bool contains(DType dtype) const { return (bits_ & bit(dtype)) != 0; }
  /// The intersection.
  friend constexpr DTypes operator&(DTypes a, DTypes b) {
    a.bits_ &= b.bits_;
    return a;
  }

 private:
  static constexpr std::uint32_t bit(DType dtype) { return 1U << static_cast<unsigned>(dtype); }
  std::uint32_t bits_;
};

inline constexpr DTypes all_dtypes{b8, i8, u8, i16, i32, i64, f16, bf16, f32, f64};
inline constexpr DTypes float_dtypes{f16, bf16, f32, f64};
/// Dtypes on which arithmetic is defined.
inline constexpr DTypes number_dtypes{i32, i64, f16, bf16, f32, f64};
/// Dtypes that `dispatch` accepts, and for which most kernels are written.
inline constexpr DTypes compute_dtypes{b8, i32, i64, f32, f64};
inline constexpr DTypes compute_float_dtypes = compute_dtypes & float_dtypes;
inline constexpr DTypes compute_number_dtypes = compute_dtypes & number_dtypes;

}  // namespace dagrad
