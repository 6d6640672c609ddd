#pragma once

#include <cstddef>
#include <string_view>

#include "dagrad/attribute.hpp"
#include "dagrad/detail/attribute_members.hpp"

namespace dagrad {

/// The attributes of an op. It lists all data members, which makes them part of text and of the
/// op's identity, and lets them be read and assigned. A member may be a bool, an integer, a float,
/// a string, an enum whose enumerators count from 0, a DType, Shape, Type, Tensor or ProgramPtr, or
/// a vector of integers, floats, strings or Ranges. Any other type needs `==` and two functions
/// found by argument-dependent lookup: `std::string to_string(const T&)`, which gives different
/// values different texts, and `bool from_string(std::string_view, T&)`, which returns false if the
/// text is not a value of T.
template <auto... Members>
struct attributes {
  template <class Op>
  static std::size_t hash(const Op& op) {
    std::size_t h = 0;
    ((h = h * 0x9e3779b97f4a7c15u + detail::attribute_hash(op.*Members)), ...);
    return h;
  }
  /// Whether all attributes are identical: NaN equals itself, and -0 differs from 0.
  template <class Op>
  static bool equal(const Op& a, const Op& b) {
    return (detail::attribute_equal(a.*Members, b.*Members) && ...);
  }
  /// Calls `visit(name, value)` for each attribute, in the listed order.
  template <class Op>
  static void visit(const Op& op, const AttributeVisitor& visit) {
    detail::visit_members(detail::listed<Op, Members...>, &op, visit);
  }
  /// Sets the attribute of that name; returns false if there is none. Integers are accepted for
  /// floats, and strings for enumerators. Throws ArgumentError if the value is not of the
  /// attribute's type.
  template <class Op>
  static bool assign(Op& op, std::string_view name, const Attribute& value) {
    return detail::assign_member(detail::listed<Op, Members...>, &op, name, value);
  }
};

}  // namespace dagrad
