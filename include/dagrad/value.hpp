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
class Value : public Indexable<Value> {
 public:
  Value() = default;

  Type type() const;
  DType dtype() const;
  Shape shape() const { return type().shape; }
  int rank() const { return type().shape.rank(); }
  std::int64_t size() const { return type().elements(); }

  /// The node's name, followed by ":port" for results after the first.
  std::string name() const;
  /// Names the node and returns this value. The name is prefixed with the scope in which the node
  /// was made: both "relu" in scope "block" and "block/relu" outside of any scope give
  /// "block/relu". Throws ArgumentError if the name is malformed, GraphError if another node
  /// already has it.
  Value named(std::string_view name, Location where = Location::here()) const;

  /// A part of it, as of an array: `x[0]`, `x[-1]`, `x[{i, j}]`, `x[{.begin = 1}]`,
  /// `x[Range{1, 3}]`, `x[{{1, 3}, {.step = -1}}]`. Positions drop their axis, ranges keep it.
  /// Throws as `Indices::ranges` does.
  using Indexable::operator[];

  Node node() const;
  std::uint32_t node_id() const { return node_; }
  std::uint32_t port() const { return port_; }
  /// Whether the handle was default-constructed and refers to no node.
  bool empty() const { return !control_; }
  /// Does not compile, and says what to write instead: C++ cannot branch on a value that is
  /// computed only when a function runs. It is there for results of expressions such as `x > 0`;
  /// for named values it would make the elementwise `!` and `&&` ambiguous.
  template <std::same_as<bool> T>
  explicit operator T() && {
    static_assert(!std::same_as<T, bool>,
                  "dagrad: a Value is not a condition, because it is computed when a function "
                  "runs: choose elements with where(condition, a, b), compare them with "
                  "equal(a, b), and take the larger ones with maximum(a, b)");
    return false;
  }
  friend bool operator==(const Value& a, const Value& b) {
    return a.control_.get() == b.control_.get() && a.node_ == b.node_ && a.port_ == b.port_;
  }

 private:
  friend Indexable<Value>;
  friend struct detail::Access;
  friend struct detail::Appended;
  friend struct std::hash<Value>;
  Value(detail::ControlPtr control, std::uint32_t node, std::uint32_t port)
      : control_(std::move(control)), node_(node), port_(port) {}
  /// Throws GraphError if the handle is empty or its graph is gone.
  detail::GraphData& data() const;
  Value part(const Indices& indices) const;

  detail::ControlPtr control_;
  std::uint32_t node_ = 0;
  std::uint32_t port_ = 0;
};

std::ostream& operator<<(std::ostream& out, const Value& value);

/// Several values, passed as one value, in braces, or as a vector, an array or a span. It is meant
/// for parameters of functions, since it refers to the values and does not copy them.
class ValueSpan : public std::span<const Value> {
 public:
  using std::span<const Value>::span;
  ValueSpan(std::span<const Value> values) : span(values) {}
  ValueSpan(const Value& value) : span(&value, 1) {}
  ValueSpan(std::initializer_list<Value> values) : span(values.begin(), values.size()) {}
};

/// An argument of a builder: a value, or a plain number, which takes its dtype from the values
/// beside it. It is constructed implicitly and records the source line of the call.
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
