#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "dagrad/attribute.hpp"
#include "dagrad/detail/enumerators.hpp"

/// Conversion of an op's data members to and from Attributes, and their hashes and comparisons.
namespace dagrad::detail {

template <class T, class Variant>
inline constexpr bool is_alternative = false;
template <class T, class... Alternatives>
inline constexpr bool is_alternative<T, std::variant<Alternatives...>> =
    (std::same_as<T, Alternatives> || ...);

template <class T>
concept EnumAttribute = std::is_enum_v<T> && !std::same_as<T, DType>;
template <class T>
concept IntegerAttribute = std::integral<T> && !std::same_as<T, bool>;
/// A type defined by a user.
template <class T>
concept TextAttribute = !is_alternative<T, Attribute> && std::equality_comparable<T> &&
                        requires(T & value, std::string_view text) {
  { to_string(std::as_const(value)) } -> std::convertible_to<std::string>;
  { from_string(text, value) } -> std::same_as<bool>;
};
template <class T>
concept VectorAttribute = std::same_as<T, std::vector<typename T::value_type>>;
template <class T>
concept IntegerVector = VectorAttribute<T> && IntegerAttribute<typename T::value_type>;
template <class T>
concept RealVector = VectorAttribute<T> && std::floating_point<typename T::value_type>;

template <class T>
constexpr void require_attribute() {
  static_assert(is_alternative<T, Attribute> || EnumAttribute<T> || std::is_arithmetic_v<T> ||
                    IntegerVector<T> || RealVector<T> || TextAttribute<T>,
                "dagrad: an attribute must be of a type that dagrad::attributes names, or have "
                "==, to_string(const T&) and bool from_string(std::string_view, T&)");
}

// Where functions below take the type of an Attribute as a parameter, this is to instantiate the
// variant, which takes long, only in the sources that use it.

// ---- to an Attribute

Enumerator enumerator(std::size_t value, std::span<const std::string_view> names);

template <class T, std::same_as<Attribute> A = Attribute>
A to_attribute(const T& value) {
  require_attribute<T>();
  if constexpr (is_alternative<T, Attribute>)
    return value;
  else if constexpr (EnumAttribute<T>)
    return enumerator(static_cast<std::size_t>(value), enumerators<T>);
  else if constexpr (IntegerAttribute<T>)
    return static_cast<std::int64_t>(value);
  else if constexpr (std::floating_point<T>)
    return static_cast<double>(value);
  else if constexpr (IntegerVector<T>)
    return std::vector<std::int64_t>(value.begin(), value.end());
  else if constexpr (RealVector<T>)
    return std::vector<double>(value.begin(), value.end());
  else
    return std::string(to_string(value));
}

// ---- from an Attribute; these throw ArgumentError naming what is expected and what is given

[[noreturn]] void throw_other_type(std::size_t wanted, const Attribute& value);
[[noreturn]] void throw_not_text_of(const std::string& text);
std::int64_t integer_in(const Attribute& value, std::int64_t low, std::int64_t high);
std::vector<std::int64_t> integers_in(const Attribute& value, std::int64_t low, std::int64_t high);
double real_in(const Attribute& value);
std::vector<double> reals_in(const Attribute& value);
/// The position of the enumerator among the names.
std::size_t enumerator_in(const Attribute& value, std::span<const std::string_view> names);

/// The range of an integer type, as far as it fits int64.
template <IntegerAttribute T>
inline constexpr std::int64_t lowest = std::numeric_limits<T>::min();
template <IntegerAttribute T>
inline constexpr std::int64_t highest =
    std::in_range<std::int64_t>(std::numeric_limits<T>::max())
        ? static_cast<std::int64_t>(std::numeric_limits<T>::max())
        : std::numeric_limits<std::int64_t>::max();

template <class T, std::same_as<Attribute> A>
void assign_attribute(T& member, const A& value) {
  require_attribute<T>();
  if constexpr (EnumAttribute<T>) {
    member = static_cast<T>(enumerator_in(value, enumerators<T>));
  } else if constexpr (IntegerAttribute<T>) {
    member = static_cast<T>(integer_in(value, lowest<T>, highest<T>));
  } else if constexpr (std::floating_point<T>) {
    member = static_cast<T>(real_in(value));
  } else if constexpr (IntegerVector<T>) {
    using Integer = typename T::value_type;
    const auto integers = integers_in(value, lowest<Integer>, highest<Integer>);
    member = T(integers.begin(), integers.end());
  } else if constexpr (RealVector<T>) {
    const auto reals = reals_in(value);
    member = T(reals.begin(), reals.end());
  } else if constexpr (is_alternative<T, Attribute>) {
    const T* const same = std::get_if<T>(&value);
    if (!same) throw_other_type(A(T()).index(), value);
    member = *same;
  } else {
    const auto* const text = std::get_if<std::string>(&value);
    if (!text) throw_other_type(A(std::string()).index(), value);
    if (!from_string(*text, member)) throw_not_text_of(*text);
  }
}

// ---- by the address of a member

/// A member of an op struct. What its type needs is compiled once for all members of the type, and
/// what all members need once for all ops.
struct AttributeMember {
  std::string_view name;
  void* (*in)(void* op);  ///< the member's address
  Attribute (*read)(const void* member);
  void (*assign)(void* member, const Attribute& value);
};

template <class T>
Attribute read_member(const void* member) {
  return to_attribute(*static_cast<const T*>(member));
}
template <class T>
void assign_to_member(void* member, const Attribute& value) {
  assign_attribute(*static_cast<T*>(member), value);
}
template <class Op, auto Member>
constexpr AttributeMember attribute_member() {
  using T = std::remove_cvref_t<decltype(std::declval<Op&>().*Member)>;
  return {member_name<Member>(), [](void* op) -> void* { return &(static_cast<Op*>(op)->*Member); },
          read_member<T>, assign_to_member<T>};
}

template <class Op, auto... Members>
[[gnu::visibility("hidden")]] inline constexpr std::array<AttributeMember, sizeof...(Members)>
    listed{attribute_member<Op, Members>()...};

void visit_members(std::span<const AttributeMember> members, const void* op,
                   const AttributeVisitor& visit);
bool assign_member(std::span<const AttributeMember> members, void* op, std::string_view name,
                   const Attribute& value);

// ---- hashes and comparisons

std::size_t attribute_hash(const std::string& value);
std::size_t attribute_hash(const Shape& value);
std::size_t attribute_hash(const Type& value);
std::size_t attribute_hash(const Tensor& value);
std::size_t attribute_hash(const ProgramPtr& value);
std::size_t attribute_hash(const std::vector<std::int64_t>& value);
std::size_t attribute_hash(const std::vector<Range>& value);
inline std::size_t attribute_hash(double value) {
  return std::hash<std::uint64_t>{}(std::bit_cast<std::uint64_t>(value));
}
template <class T>
requires std::is_integral_v<T> || std::is_enum_v<T> std::size_t attribute_hash(T value) {
  return std::hash<std::int64_t>{}(static_cast<std::int64_t>(value));
}
template <TextAttribute T>
std::size_t attribute_hash(const T& value) {
  return attribute_hash(std::string(to_string(value)));
}
template <class T>
std::size_t attribute_hash(const std::vector<T>& value) {
  std::size_t h = value.size();
  for (const T& element : value) h = h * 0x9e3779b97f4a7c15u + attribute_hash(element);
  return h;
}

inline bool attribute_equal(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}
inline bool attribute_equal(const Tensor& a, const Tensor& b) { return same_bits(a, b); }
inline bool attribute_equal(const ProgramPtr& a, const ProgramPtr& b) {
  return a == b || (a && b && *a == *b);
}
template <class T>
bool attribute_equal(const T& a, const T& b) {
  return a == b;
}
template <std::floating_point T>
bool attribute_equal(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!attribute_equal(double{a[i]}, double{b[i]})) return false;
  return true;
}

}  // namespace dagrad::detail
