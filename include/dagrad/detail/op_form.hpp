#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "dagrad/eval.hpp"
#include "dagrad/grad.hpp"
#include "dagrad/number.hpp"
#include "dagrad/probe.hpp"

/// Which members an op struct has, and what its functor takes and returns.
namespace dagrad::detail {

template <class T, std::size_t>
using Repeat = T;

template <class F, class T, std::size_t... I>
constexpr bool takes_n(std::index_sequence<I...>) {
  return std::invocable<const F&, Repeat<T, I>...>;
}
/// How many operands a functor takes of reading T, 1 to 8; 0 where it takes none of it.
template <class F, class T>
constexpr std::size_t functor_arity() {
  if constexpr (takes_n<F, T>(std::make_index_sequence<1>{}))
    return 1;
  else if constexpr (takes_n<F, T>(std::make_index_sequence<2>{}))
    return 2;
  else if constexpr (takes_n<F, T>(std::make_index_sequence<3>{}))
    return 3;
  else if constexpr (takes_n<F, T>(std::make_index_sequence<4>{}))
    return 4;
  else if constexpr (takes_n<F, T>(std::make_index_sequence<5>{}))
    return 5;
  else if constexpr (takes_n<F, T>(std::make_index_sequence<6>{}))
    return 6;
  else if constexpr (takes_n<F, T>(std::make_index_sequence<7>{}))
    return 7;
  else if constexpr (takes_n<F, T>(std::make_index_sequence<8>{}))
    return 8;
  else
    return 0;
}

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
template <class T>
concept HasSpanFunctor = std::invocable<const T&, std::span<const Symbol>>;
template <class T>
concept HasSymbolFunctor = (functor_arity<T, Symbol>() > 0) || HasSpanFunctor<T>;
template <class T>
concept HasPlainFunctor = !HasSymbolFunctor<T> && (functor_arity<T, Number<double, true>>() > 0);
template <class T>
concept ElementwiseOp = HasSymbolFunctor<T> || HasProgram<T>;
template <class T>
concept HasDecisions = requires(const T& op, std::span<const View> views,
                                const DecisionSink& sink) {
  op.decisions(views, views, sink);
};
template <class T>
concept HasProbeFunctor = HasPlainFunctor<T> &&(functor_arity<T, Probe<double>>() > 0);

template <class T>
constexpr DTypes dtypes_of() {
  constexpr bool declared = requires { T::dtypes; };
  if constexpr (ElementwiseOp<T> && !declared)
    return float_dtypes;
  else if constexpr (HasPlainFunctor<T> && declared)  // called with the elements themselves
    return T::dtypes & compute_dtypes;
  else if constexpr (declared)
    return T::dtypes;
  else
    return compute_float_dtypes;
}
template <class T>
constexpr std::size_t conditions_of() {
  if constexpr (requires { T::conditions; })
    return T::conditions;
  else
    return 0;
}
template <class T>
constexpr std::size_t operands_of() {
  if constexpr (requires { T::operands; })
    return T::operands;
  else if constexpr (HasSymbolFunctor<T> && !HasProgram<T>)
    return functor_arity<T, Symbol>();
  else if constexpr (HasPlainFunctor<T> && !HasProgram<T>)
    return functor_arity<T, Number<double, true>>();
  else
    return 0;
}

inline constexpr std::size_t dynamic_outputs = static_cast<std::size_t>(-1);
template <class R>
inline constexpr std::size_t outputs_in = 1;
template <class R, std::size_t N>
inline constexpr std::size_t outputs_in<std::array<R, N>> = N;
template <class R>
inline constexpr std::size_t outputs_in<std::vector<R>> = dynamic_outputs;

template <class F, class T, std::size_t... I>
auto call_n(const F& f, const T* x, std::index_sequence<I...>) {
  return f(x[I]...);
}
template <class F, class T>
auto call_functor(const F& f, std::span<const T> x) {
  // Arity first: a generic functor of one operand would take the span as that operand.
  if constexpr (functor_arity<F, T>() > 0)
    return call_n(f, x.data(), std::make_index_sequence<functor_arity<F, T>()>{});
  else
    return f(x);
}
/// Results of an op as its type tells: 1, N, or `dynamic_outputs`.
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

template <class Container>
constexpr std::uint32_t mask_of(const Container& positions) {
  std::uint32_t mask = 0;
  for (int i : positions) mask |= 1U << i;
  return mask;
}

template <class T>
constexpr std::uint32_t type_only_of() {
  if constexpr (requires { T::type_only; })
    return mask_of(T::type_only);
  else
    return 0;
}
/// Whether operand i takes part in promotion: conditions do not, nor do operands of which only the
/// type is used, where there are others.
template <class T>
constexpr bool promotes(std::size_t i) {
  if (i < conditions_of<T>()) return false;
  return (type_only_of<T>() >> (i < 31 ? i : 31) & 1U) == 0 ||
         std::popcount(type_only_of<T>()) == static_cast<int>(operands_of<T>());
}

}  // namespace dagrad::detail
