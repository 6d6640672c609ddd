#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "dagrad/detail/control.hpp"
#include "dagrad/error.hpp"
#include "dagrad/indices.hpp"
#include "dagrad/literal.hpp"
#include "dagrad/shape.hpp"

namespace dagrad {

class Graph;
class Node;

namespace detail {

struct Access;
struct Appended;

[[noreturn]] void throw_empty_value();

}  // namespace detail

/// A handle to one result of one node. It is cheap to copy and does not keep its graph alive; using
/// it after the graph is gone throws GraphError. `==` compares handles; `equal` compares elements.
class Value {
 public:
  Value() = default;

  Type type() const;
  DType dtype() const;
  Shape shape() const { return type().shape; }
  int rank() const { return type().shape.rank(); }
  std::int64_t size() const { return type().elements(); }

  /// The node's name, followed by ":port" for results after the first.
  std::string name() const;
  /// Names the node; returns this value. The scope that the node was made in goes before the name:
  /// in scope "block", "relu" makes "block/relu", and so does "block/relu" at the top. Throws
  /// ArgumentError for a bad name, GraphError for one that another node has, given or automatic.
  Value named(std::string_view name, Location where = Location::here()) const;

  /// A part of it, as of an array: `x[0]`, `x[-1]`, `x[{i, j}]`, `x[Range{1, 3}]`,
  /// `x[{{1, 3}, {.step = -1}}]`. Positions drop their axis, ranges keep it. Throws as
  /// `Indices::ranges` does.
  Value operator[](const Indices& indices) const;

  Node node() const;
  std::uint32_t node_id() const { return node_; }
  std::uint32_t port() const { return port_; }
  /// Whether it was made by default and belongs to no node.
  bool empty() const { return !control_; }
  /// A value is computed when a function runs, so C++ cannot branch on it: this does not compile,
  /// and says what to write instead. Only results of expressions, such as `x > 0`, are converted:
  /// for named values `!` and `&&` would not know whether they are elementwise.
  template <std::same_as<bool> T>
  explicit operator T() && {
    static_assert(!std::same_as<T, bool>,
                  "dagrad: a Value is not a condition, for it is computed when a function runs: "
                  "choose elements with where(condition, a, b), compare them with equal(a, b), and "
                  "take the larger ones with maximum(a, b)");
    return false;
  }
  friend bool operator==(const Value& a, const Value& b) {
    return a.control_.get() == b.control_.get() && a.node_ == b.node_ && a.port_ == b.port_;
  }

 private:
  friend struct detail::Access;
  friend struct detail::Appended;
  friend struct std::hash<Value>;
  Value(detail::ControlPtr control, std::uint32_t node, std::uint32_t port)
      : control_(std::move(control)), node_(node), port_(port) {}
  /// Throws GraphError if the handle is empty or its graph is gone.
  detail::GraphData& data() const;

  detail::ControlPtr control_;
  std::uint32_t node_ = 0;
  std::uint32_t port_ = 0;
};

std::ostream& operator<<(std::ostream& out, const Value& value);

/// Several values that a function reads during the call: one value, braces, a vector, an array or
/// a span. For parameters only, since it refers to what it was made from.
class ValueSpan : public std::span<const Value> {
 public:
  using std::span<const Value>::span;
  ValueSpan(std::span<const Value> values) : span(values) {}
  ValueSpan(const Value& value) : span(&value, 1) {}
  ValueSpan(std::initializer_list<Value> values) : span(values.begin(), values.size()) {}
};

/// What builders take: a value, or a plain number that adopts the dtype of what it meets. Made
/// implicitly, and on the way notes the line of the call.
class Operand {
 public:
  /// Throws GraphError if the value is empty.
  Operand(const Value& value, Location where = Location::here())
      : value_(value), literal_(0), where_(where) {
    if (value.empty()) detail::throw_empty_value();
  }
  template <class T>
  requires std::is_arithmetic_v<T> Operand(T number, Location where = Location::here())
      : literal_(number), where_(where) {}

  bool is_literal() const { return value_.empty(); }
  const Value& value() const { return value_; }
  Literal literal() const { return literal_; }
  Location where() const { return where_; }

  /// Dtype and shape. Throws ArgumentError for a plain number, which does not have a type yet.
  Type type() const;
  DType dtype() const { return type().dtype; }
  Shape shape() const { return type().shape; }
  int rank() const { return type().shape.rank(); }

 private:
  Value value_;
  Literal literal_;
  Location where_;
};

}  // namespace dagrad

template <>
struct std::hash<dagrad::Value> {
  std::size_t operator()(const dagrad::Value& v) const noexcept {
    return std::hash<const void*>{}(v.control_.get()) ^
           (std::size_t{v.node_id()} << 8 ^ v.port()) * 0x9e3779b97f4a7c15u;
  }
};
