#pragma once

#include <cstddef>
#include <string_view>

#include "dagrad/attribute.hpp"
#include "dagrad/detail/attribute_members.hpp"

namespace dagrad {

/// The attributes of an op: all its data members, listed, so that they show in text, can be read
/// and assigned, and count in its identity. A member is a bool, an integer, a float, a string, an
/// enum whose enumerators count from 0, a DType, Shape, Type, Tensor or Program, a vector of
/// integers, floats, strings or Ranges, or of a type with `==` that is written and read as text, by
/// functions found by argument-dependent lookup: `std::string to_string(const T&)`, which tells its
/// values apart, and `bool from_string(std::string_view, T&)`, which is false for what is not one.
template <auto... Members>
struct attributes {
  template <class Op>
  static std::size_t hash(const Op& op) {
    std::size_t h = 0;
    ((h = h * 0x9e3779b97f4a7c15u + detail::attribute_hash(op.*Members)), ...);
    return h;
  }
  /// Identity, not arithmetic: NaN equals itself, -0 differs from 0.
  template <class Op>
  static bool equal(const Op& a, const Op& b) {
    return (detail::attribute_equal(a.*Members, b.*Members) && ...);
  }
  /// Calls `visit(name, value)` for each attribute, in the listed order.
  template <class Op>
  static void visit(const Op& op, const AttributeVisitor& visit) {
    (visit(detail::member_name<Members>(), detail::to_attribute(op.*Members)), ...);
  }
  /// Sets the attribute of that name; false where there is none. An int counts as a float, and an
  /// enumerator may be given as a string. Throws ArgumentError for a value that is not of its type.
  template <class Op>
  static bool assign(Op& op, std::string_view name, const Attribute& value) {
    return ((name == detail::member_name<Members>() &&
             (detail::assign_attribute(op.*Members, value), true)) ||
            ...);
  }
};

}  // namespace dagrad
