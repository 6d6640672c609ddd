#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "dagrad/version.hpp"

namespace dagrad {

/// Element type of a tensor. A bool takes one byte, 0 or 1.
enum class DType : std::uint8_t { boolean, int32, int64, float32, float64 };

inline constexpr DType b8 = DType::boolean;
inline constexpr DType i32 = DType::int32;
inline constexpr DType i64 = DType::int64;
inline constexpr DType f32 = DType::float32;
inline constexpr DType f64 = DType::float64;

/// The C++ types that tensors hold.
template <class T>
concept Element = std::same_as<T, bool> || std::same_as<T, std::int32_t> ||
    std::same_as<T, std::int64_t> || std::same_as<T, float> || std::same_as<T, double>;

namespace detail {
template <Element T>
constexpr DType find_dtype() {
  if constexpr (std::is_same_v<T, bool>) return b8;
  if constexpr (std::is_same_v<T, std::int32_t>) return i32;
  if constexpr (std::is_same_v<T, std::int64_t>) return i64;
  if constexpr (std::is_same_v<T, float>) return f32;
  if constexpr (std::is_same_v<T, double>) return f64;
}
}  // namespace detail

template <Element T>
inline constexpr DType dtype_of = detail::find_dtype<T>();

/// "bool", "int32", "int64", "float32", "float64".
constexpr std::string_view name(DType dtype) {
  constexpr std::string_view names[] = {"bool", "int32", "int64", "float32", "float64"};
  return names[static_cast<std::size_t>(dtype)];
}

/// Bytes of one element.
constexpr std::size_t size_of(DType dtype) {
  constexpr std::size_t sizes[] = {1, 4, 8, 4, 8};
  return sizes[static_cast<std::size_t>(dtype)];
}

constexpr bool is_float(DType dtype) { return dtype >= DType::float32; }

/// The dtype that holds both: bool → int32 → int64, and a float's width where one is a float.
/// Throws TypeError for float32 with float64, naming `cast`.
DType promote(DType a, DType b);

/// Calls `f(std::type_identity<T>{})` with the C++ type of `dtype`.
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
      break;
  }
  return f(std::type_identity<double>{});
}

/// A set of dtypes, as an op declares the ones it takes.
class DTypes {
 public:
  template <class... D>
  constexpr DTypes(D... dtypes) : bits_(static_cast<std::uint8_t>((0U | ... | bit(dtypes)))) {}
  constexpr bool contains(DType dtype) const { return (bits_ & bit(dtype)) != 0; }

 private:
  static constexpr unsigned bit(DType dtype) { return 1U << static_cast<unsigned>(dtype); }
  std::uint8_t bits_;
};

inline constexpr DTypes float_dtypes{f32, f64};
inline constexpr DTypes number_dtypes{i32, i64, f32, f64};
inline constexpr DTypes all_dtypes{b8, i32, i64, f32, f64};

}  // namespace dagrad
