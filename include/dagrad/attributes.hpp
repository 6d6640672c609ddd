#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "dagrad/shape.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

namespace detail {

/// "slope" out of the compiler's text for the template argument &LeakyRelu::slope.
template <auto Member>
constexpr std::string_view member_name() {
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  constexpr std::size_t begin = text.find("Member = ");
  constexpr std::size_t end = text.find_first_of(";]", begin);
  constexpr std::size_t colon = text.rfind("::", end);
  return text.substr(colon + 2, end - colon - 2);
}

std::string attribute_text(bool value);
std::string attribute_text(std::int64_t value);
std::string attribute_text(double value);
std::string attribute_text(const std::string& value);
std::string attribute_text(DType value);
std::string attribute_text(const Shape& value);
std::string attribute_text(const Type& value);
std::string attribute_text(const Tensor& value);
std::string attribute_text(const std::vector<std::int64_t>& value);
inline std::string attribute_text(int value) { return attribute_text(std::int64_t{value}); }

std::size_t attribute_hash(const std::string& value);
std::size_t attribute_hash(const Shape& value);
std::size_t attribute_hash(const Type& value);
std::size_t attribute_hash(const Tensor& value);
std::size_t attribute_hash(const std::vector<std::int64_t>& value);
/// An attribute of any other type: what it is called is what it is.
template <class T>
concept TextAttribute = std::is_class_v<T> && std::equality_comparable<T> &&
    requires(const T& value) {
  { to_string(value) } -> std::convertible_to<std::string>;
};
template <TextAttribute T>
std::string attribute_text(const T& value) {
  return to_string(value);
}
template <TextAttribute T>
std::size_t attribute_hash(const T& value) {
  return attribute_hash(std::string(to_string(value)));
}
inline std::size_t attribute_hash(double value) {
  return std::hash<std::uint64_t>{}(std::bit_cast<std::uint64_t>(value));
}
template <class T>
requires std::is_integral_v<T> || std::is_enum_v<T> std::size_t attribute_hash(T value) {
  return std::hash<std::int64_t>{}(static_cast<std::int64_t>(value));
}

// Identity, not arithmetic: NaN equals itself, -0 differs from 0.
template <class T>
bool attribute_equal(const T& a, const T& b) {
  return a == b;
}
inline bool attribute_equal(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}
inline bool attribute_equal(const Tensor& a, const Tensor& b) { return same_bits(a, b); }

// What a graph that is replayed in another dtype asks of its ops; most attributes have none.
template <class T>
bool attribute_retype(T&, DType, DType) {
  return false;
}
inline bool attribute_retype(DType& value, DType from, DType to) {
  return value == from && (value = to, true);
}
inline bool attribute_retype(Type& value, DType from, DType to) {
  return attribute_retype(value.dtype, from, to);
}
inline bool attribute_retype(Tensor& value, DType from, DType to) {
  return value.dtype() == from && (value = value.cast(to), true);
}

}  // namespace detail

/// The attributes of an op: its data members, listed, so that they show in text and count in its
/// identity. An attribute is a bool, int, int64, double, string, DType, Shape, Type, Tensor or
/// vector of int64, or of a type with `==` and a `to_string` that tells its values apart.
template <auto... Members>
struct attributes {
  template <class Op>
  static std::size_t hash(const Op& op) {
    std::size_t h = 0;
    ((h = h * 0x9e3779b97f4a7c15u + detail::attribute_hash(op.*Members)), ...);
    return h;
  }
  template <class Op>
  static bool equal(const Op& a, const Op& b) {
    return (detail::attribute_equal(a.*Members, b.*Members) && ...);
  }
  /// Makes every attribute that is or has the dtype `from` one of `to`. Whether there was one.
  template <class Op>
  static bool retype(Op& op, DType from, DType to) {
    return (static_cast<int>(detail::attribute_retype(op.*Members, from, to)) | ... | 0) != 0;
  }
  /// Calls `visit(name, text)` for each attribute, in the listed order.
  template <class Op, class Visit>
  static void visit(const Op& op, Visit&& visit) {
    (visit(detail::member_name<Members>(), detail::attribute_text(op.*Members)), ...);
  }
};

}  // namespace dagrad
