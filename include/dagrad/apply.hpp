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

/// The name, where an op can have it: printable UTF-8 of at most 4,096 bytes, without white space,
/// '/' or ':'. Throws ArgumentError saying what is wrong with it.
std::string checked_op_name(std::string_view name);

/// The node that `append` made.
struct Appended {
  ControlPtr control;
  std::uint32_t node;
  std::uint32_t outputs;
  Value output(std::uint32_t port) const { return {control, node, port}; }
};
/// Appends a node. Throws what `infer` and `validate` throw, with op, node and place added;
/// GraphError for values of two graphs; ArgumentError where nothing but numbers was given. The
/// place is that of the builder at work, else of the first operand.
Appended append(Op op, std::span<const Operand> operands, const Graph* graph = nullptr);

/// The same, giving all results; where there is no memory to list them, nothing has been appended.
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

/// The same, giving as many results as are known to be: what all forms of `apply` are.
template <std::size_t Outputs>
auto append_for(Op op, std::span<const Operand> operands, const Graph* graph = nullptr) {
  if constexpr (Outputs == dynamic_outputs)
    return append_all(std::move(op), operands, graph);
  else
    return outputs_of<Outputs>(append(std::move(op), operands, graph));
}

}  // namespace detail

/// What a builder of several nodes opens first, with its name. While it is open, every node of its
/// graph is made at the line of the builder's call, errors are told in the builder's name, and
/// where an exception leaves it, the nodes made since are gone again:
///
///     Value huber(const Operand& x, double delta) {
///       const Building building("huber", {x});
///       const Value size = abs(x);
///       return where(size <= delta, 0.5 * square(x), delta * (size - delta / 2));
///     }
///
/// Builders may call builders: place and name are those of the outermost call, and each undoes its
/// own. Without a name, errors name the op that refused.
class [[nodiscard]] Building {
 public:
  /// In the graph of the operands, at the place of the first. Plain numbers alone have no graph:
  /// then nothing is placed or undone, as with no values. The name, such as a literal, must stay.
  Building(std::string_view name, std::span<const Operand> operands);
  Building(std::string_view name, std::initializer_list<Operand> operands)
      : Building(name, std::span(operands.begin(), operands.size())) {}
  explicit Building(std::span<const Operand> operands) : Building({}, operands) {}
  Building(std::initializer_list<Operand> operands)
      : Building({}, std::span(operands.begin(), operands.size())) {}
  /// For builders that take lists of values: `Location where = Location::here()` is their last
  /// parameter.
  Building(std::string_view name, std::span<const Value> values, Location where);
  Building(std::span<const Value> values, Location where) : Building({}, values, where) {}
  Building(std::string_view name, const Graph& graph, Location where);
  Building(const Graph& graph, Location where) : Building({}, graph, where) {}
  template <std::same_as<Value> T>
  Building(std::initializer_list<T>) {
    static_assert(
        !std::same_as<T, Value>,
        "dagrad: a builder takes its values as Operands, which know the line of the call");
  }
  Building(const Building&) = delete;
  Building& operator=(const Building&) = delete;
  ~Building();

  /// A parameter in the graph, for builders that keep something from run to run. Throws as
  /// `Graph::parameter`, and GraphError where there is no graph.
  Value parameter(std::string_view name, const Tensor& initial) const;

  /// Calls `f`, which checks what the builder was given. A dagrad::Error that it throws is thrown
  /// again with the builder's name before its text and the place behind it, as errors of ops are.
  template <class F>
  decltype(auto) checked(F&& f) const {
    try {
      return f();
    } catch (const Error&) {
      rethrow();
    }
  }

  static void* operator new(std::size_t) = delete;  // they close in the order of their blocks

 private:
  Building(std::string_view name, detail::GraphData* graph, Location where);
  [[noreturn]] void rethrow() const;

  detail::ControlPtr graph_;  // empty where there is none
  std::uint32_t size_ = 0;    // nodes when it was opened
  int exceptions_;            // in flight then
  std::string_view name_;
  Location where_;
  bool placed_ = false;  // whether the place is this one's
  bool named_ = false;   // whether the name is
};

/// Appends a node of an op to the graph of its operands. Returns a Value, an array of them for an
/// op with a fixed number of results, a vector where `infer` decides.
template <class T>
requires(!std::same_as<T, Op>) auto apply(T op, std::span<const Operand> operands) {
  return detail::append_for<detail::outputs_of<T>()>(Op(std::move(op)), operands);
}
template <class T>
auto apply(T op, std::initializer_list<Operand> operands) {
  return apply(std::move(op), std::span<const Operand>(operands.begin(), operands.size()));
}
/// In this form it is preferred to std::apply, which is found for a vector.
template <class T, class Operands>
requires std::same_as<std::remove_cvref_t<Operands>, std::vector<Operand>>
auto apply(T&& op, Operands&& operands) {
  return apply(std::forward<T>(op), std::span<const Operand>(operands));
}
/// For ops without operands, which can tell neither their graph nor their place.
template <class T>
requires(!std::same_as<T, Op>) auto apply(const Graph& graph, T op,
                                          Location where = Location::here()) {
  const Building building(graph, where);
  return detail::append_for<detail::outputs_of<T>()>(Op(std::move(op)), {}, &graph);
}
/// For an op whose type is not known here.
std::vector<Value> apply(Op op, std::span<const Operand> operands);

/// "\n  made at model.cpp:41, in scope 'encoder'", for the line of a builder's call: what its
/// errors end with. `apply` adds it to those of ops; a builder of several nodes adds it to its own.
std::string made_at(const Operand& operand);
std::string made_at(Location where);

/// Makes a functor into a builder: `auto leaky = elementwise("leaky", [](auto x) { return select(x
/// > 0, x, 0.01 * x); }); Value y = leaky(x);` Its gradient is derived. Throws ArgumentError for a
/// bad name.
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
