#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "dagrad/eval.hpp"
#include "dagrad/grad.hpp"
#include "dagrad/number.hpp"
#include "dagrad/probe.hpp"

/// Determines what kind of op a struct is: the signature of its functor, and which members it has.
namespace dagrad::detail {

// ---- functors

inline constexpr std::size_t most_functor_operands = 8;

template <class T, std::size_t>
using Repeat = T;
template <class F, class T, std::size_t... i>
constexpr bool invocable_with(std::index_sequence<i...>) {
  return std::invocable<const F&, Repeat<T, i>...>;
}

/// The number of operands of reading T that a functor takes: the smallest with which it can be
/// called, or 0 if there is none.
template <class F, class T, std::size_t n = 1>
constexpr std::size_t functor_arity() {
  if constexpr (n > most_functor_operands)
    return 0;
  else if constexpr (invocable_with<F, T>(std::make_index_sequence<n>{}))
    return n;
  else
    return functor_arity<F, T, n + 1>();
}

/// Calls a functor with elements of one reading, either as separate operands or as a span. The
/// former is tried first, since a generic functor of one operand would accept the span as that
/// operand.
template <class F, class T>
auto call_functor(const F& functor, std::span<const T> x) {
  if constexpr (constexpr std::size_t n = functor_arity<F, T>(); n > 0)
    return [&]<std::size_t... i>(std::index_sequence<i...>) { return functor(x[i]...); }
  (std::make_index_sequence<n>{});
  else return functor(x);
}

// ---- members that determine the kind of op

template <class T>
concept HasName = requires(const T& op) {
  { op.name } -> std::convertible_to<std::string_view>;
};
template <class T>
concept HasInfer = requires(const T& op, std::span<const Type> in) {
  op.infer(in);
};
template <class T>
concept HasEval = requires(const T& op, const EvalContext& c) {
  op.eval(c);
};
template <class T>
concept HasProgram = requires(const T& op, std::span<const Type> in) {
  { op.program(in) } -> std::convertible_to<ProgramPtr>;
};
template <class T>
concept HasRule = requires(const T& op, const GradContext& g) {
  { op.grad(g) } -> std::convertible_to<Grads>;
};
template <class T>
concept HasNoGrad = requires {
  { T::grad.why } -> std::convertible_to<const char*>;
};
template <class T>
concept NamesGrad = requires {
  &T::grad;
};

/// A functor that can be read as a formula.
template <class T>
concept HasSymbolFunctor = functor_arity<T, Symbol>()
> 0 || std::invocable<const T&, std::span<const Symbol>>;
/// A functor that branches on values, and therefore accepts only numbers.
template <class T>
concept HasPlainFunctor = !HasSymbolFunctor<T> && functor_arity<T, Number<double, true>>() > 0;
template <class T>
concept HasProbeFunctor = HasPlainFunctor<T> && functor_arity<T, Probe<double>>()
> 0;
template <class T>
concept ElementwiseOp = HasSymbolFunctor<T> || HasProgram<T>;

// ---- static members and their defaults

template <class T>
constexpr DTypes dtypes_of() {
  constexpr bool declared = requires { T::dtypes; };
  if constexpr (ElementwiseOp<T> && !declared)
    return float_dtypes;
  else if constexpr (HasPlainFunctor<T> && declared)  // it is called with elements
    return T::dtypes & compute_dtypes;
  else if constexpr (declared)
    return T::dtypes;
  else
    return compute_float_dtypes;
}
/// The number of operands; 0 means any number.
template <class T>
constexpr std::size_t operands_of() {
  if constexpr (requires { T::operands; })
    return T::operands;
  else if constexpr (HasSymbolFunctor<T> && !HasProgram<T>)
    return functor_arity<T, Symbol>();
  else if constexpr (HasPlainFunctor<T>)
    return functor_arity<T, Number<double, true>>();
  else
    return 0;
}

inline constexpr std::size_t dynamic_outputs = static_cast<std::size_t>(-1);
template <class R>
inline constexpr std::size_t outputs_in = 1;
template <class R, std::size_t n>
inline constexpr std::size_t outputs_in<std::array<R, n>> = n;
template <class R>
inline constexpr std::size_t outputs_in<std::vector<R>> = dynamic_outputs;

/// The number of results as determined by the type of the op: 1, n, or `dynamic_outputs`.
template <class T>
constexpr std::size_t outputs_of() {
  if constexpr (requires { T::outputs; })
    return T::outputs;
  else if constexpr (HasInfer<T>)
    return outputs_in<decltype(std::declval<const T&>().infer({}))>;
  else if constexpr (HasProgram<T>)
    return dynamic_outputs;
  else if constexpr (HasSymbolFunctor<T>)
    return outputs_in<decltype(call_functor(std::declval<const T&>(), std::span<const Symbol>{}))>;
  else
    return 1;
}

}  // namespace dagrad::detail
