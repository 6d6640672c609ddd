#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "dagrad/graph.hpp"

namespace dagrad {

namespace detail {

/// Checks and returns the name of an op: printable UTF-8 of at most 4,096 bytes, without white
/// space, '/' or ':'. Throws ArgumentError with the reason if it is malformed.
std::string checked_op_name(std::string_view name);

/// A node made by `append`.
struct Appended {
  ControlPtr control;
  std::uint32_t node;
  std::uint32_t outputs;
  Value output(std::uint32_t port) const { return {control, node, port}; }
};
/// Appends a node. Throws what `infer` and `validate` throw, with the op and the source line added;
/// GraphError if the values belong to different graphs; ArgumentError if there are only plain
/// numbers. The source line is that of the open `Building`, or else of the first operand.
Appended append(Op op, std::span<const Operand> operands, const Graph* graph = nullptr);

/// The same, but returns all results. Appends nothing if memory runs out while listing them.
std::vector<Value> append_all(Op op, std::span<const Operand> operands,
                              const Graph* graph = nullptr);

template <std::size_t Outputs>
auto outputs_of(const Appended& node) {
  if constexpr (Outputs == 1) {
    return node.output(0);
  } else if constexpr (Outputs == dynamic_outputs) {
    std::vector<Value> values;
    values.reserve(node.outputs);
    for (std::uint32_t i = 0; i < node.outputs; ++i) values.push_back(node.output(i));
    return values;
  } else {
    return [&]<std::uint32_t... I>(std::integer_sequence<std::uint32_t, I...>) {
      return std::array<Value, Outputs>{node.output(I)...};
    }
    (std::make_integer_sequence<std::uint32_t, Outputs>{});
  }
}

/// The same, but returns as many results as the op is known to have. All forms of `apply` call
/// this.
template <std::size_t Outputs>
auto append_for(Op op, std::span<const Operand> operands, const Graph* graph = nullptr) {
  if constexpr (Outputs == dynamic_outputs)
    return append_all(std::move(op), operands, graph);
  else
    return outputs_of<Outputs>(append(std::move(op), operands, graph));
}

}  // namespace detail

/// A builder of several nodes opens a Building first, with the builder's name. While it is open,
/// new nodes of its graph get the source line of the builder's call, and errors begin with its
/// name; if an exception leaves it, the nodes made since are removed again:
///
///     Value huber(const Operand& x, double delta) {
///       const Building building("huber", {x});
///       const Value size = abs(x);
///       return where(size <= delta, 0.5 * square(x), delta * (size - delta / 2));
///     }
///
/// Builders may call other builders: nodes and errors get the line and the name of the outermost
/// call, and each builder removes only its own nodes. Without a name, errors name the op that
/// refused its operands.
class [[nodiscard]] Building {
 public:
  /// Uses the graph of the operands and the line of the first operand. It has no effect if all
  /// operands are plain numbers, which have no graph, or if there are none. The characters of the
  /// name must outlive the Building.
  Building(std::string_view name, std::span<const Operand> operands);
  Building(std::string_view name, std::initializer_list<Operand> operands)
      : Building(name, std::span(operands.begin(), operands.size())) {}
  explicit Building(std::span<const Operand> operands) : Building({}, operands) {}
  Building(std::initializer_list<Operand> operands)
      : Building({}, std::span(operands.begin(), operands.size())) {}
  /// For builders that take lists of values. Their last parameter is `Location where =
  /// Location::here()`.
  Building(std::string_view name, std::span<const Value> values, Location where);
  Building(std::span<const Value> values, Location where) : Building({}, values, where) {}
  Building(std::string_view name, const Graph& graph, Location where);
  Building(const Graph& graph, Location where) : Building({}, graph, where) {}
  template <std::same_as<Value> T>
  Building(std::initializer_list<T>) {
    static_assert(
        !std::same_as<T, Value>,
        "dagrad: a builder must take its values as Operands, which record the line of the call");
  }
  Building(const Building&) = delete;
  Building& operator=(const Building&) = delete;
  ~Building();

  /// Adds a parameter to the graph, for builders that keep something from run to run. Throws as
  /// `Graph::parameter` does, and GraphError if there is no graph.
  Value parameter(std::string_view name, const Tensor& initial) const;

  /// Calls `f`, which checks the builder's arguments. A dagrad::Error that it throws is rethrown
  /// with the builder's name in front and the source line at the end, like the errors of ops.
  template <class F>
  decltype(auto) checked(F&& f) const {
    try {
      return f();
    } catch (const Error&) {
      rethrow();
    }
  }

  static void* operator new(std::size_t) = delete;  // local variables close in order

 private:
  Building(std::string_view name, detail::GraphData* graph, Location where);
  [[noreturn]] void rethrow() const;

  detail::ControlPtr graph_;  // empty if there is no graph
  std::uint32_t size_ = 0;    // number of nodes when it was opened
  int exceptions_;            // number in flight when it was opened
  std::string_view name_;
  Location where_;
  bool placed_ = false;  // whether this Building has set the source line
  bool named_ = false;   // whether this Building has set the name
};

/// Appends a node of an op to the graph of its operands. Returns a Value; an array of Values if the
/// op has a fixed number of results; a vector if `infer` decides on the number.
template <class T>
requires(!std::same_as<T, Op>) auto apply(T op, std::span<const Operand> operands) {
  return detail::append_for<detail::outputs_of<T>()>(Op(std::move(op)), operands);
}
template <class T>
auto apply(T op, std::initializer_list<Operand> operands) {
  return apply(std::move(op), std::span<const Operand>(operands.begin(), operands.size()));
}
/// Takes a vector. In this form overload resolution prefers it to std::apply, which is also found.
template <class T, class Operands>
requires std::same_as<std::remove_cvref_t<Operands>, std::vector<Operand>>
auto apply(T&& op, Operands&& operands) {
  return apply(std::forward<T>(op), std::span<const Operand>(operands));
}
/// For ops without operands, from which neither the graph nor the source line would be known.
template <class T>
requires(!std::same_as<T, Op>) auto apply(const Graph& graph, T op,
                                          Location where = Location::here()) {
  const Building building(graph, where);
  return detail::append_for<detail::outputs_of<T>()>(Op(std::move(op)), {}, &graph);
}
/// For an op whose type is not known at compile time.
std::vector<Value> apply(Op op, std::span<const Operand> operands);

/// "\n made at model.cpp:41, in scope 'encoder'": the end of error texts, with the line of the
/// builder's call. `apply` adds it to errors of ops; builders of several nodes add it to their own
/// errors.
std::string made_at(const Operand& operand);
std::string made_at(Location where);

/// Makes a functor into a builder: `auto leaky = elementwise("leaky", [](auto x) { return select(x
/// > 0, x, 0.01 * x); }); Value y = leaky(x);` Its gradient is derived. Throws ArgumentError if the
/// name is malformed.
template <class F>
class ElementwiseFunction {
 public:
  ElementwiseFunction(std::string_view name, F functor)
      : op_{detail::checked_op_name(name), std::move(functor)} {}
  auto operator()(Operand a) const { return apply(op_, {std::move(a)}); }
  auto operator()(Operand a, Operand b) const { return apply(op_, {std::move(a), std::move(b)}); }
  auto operator()(Operand a, Operand b, Operand c) const {
    return apply(op_, {std::move(a), std::move(b), std::move(c)});
  }
  auto operator()(std::initializer_list<Operand> operands) const { return apply(op_, operands); }
  Op op() const { return Op(op_); }

 private:
  struct Struct : F {
    Struct(std::string text, F f) : F(std::move(f)), name(std::move(text)) {}
    std::string name;
  };
  Struct op_;
};
template <class F>
ElementwiseFunction<F> elementwise(std::string_view name, F functor) {
  return {name, std::move(functor)};
}

}  // namespace dagrad
