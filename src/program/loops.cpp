#include "src/program/loops.hpp"

#include <utility>

#include "dagrad/convert.hpp"
#include "dagrad/number.hpp"
#include "src/program/functions.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {
namespace {

template <class T>
const T* as(const void* data) {
  return static_cast<const T*>(data);
}

// `flatten` inlines Number's definition of the primitive into the loop.
template <Primitive P, Element T>
[[gnu::flatten]] void run(const void* a, const void* b, const void* c, void* out, std::int64_t n) {
  using N = Number<T>;
  using R = std::conditional_t<is_test(P), bool, T>;
  R* __restrict r = static_cast<R*>(out);
  if constexpr (P == Primitive::select) {
    const bool* condition = as<bool>(a);
    const T *x = as<T>(b), *y = as<T>(c);
    for (std::int64_t i = 0; i < n; ++i) r[i] = condition[i] ? x[i] : y[i];
  } else if constexpr (arity_of(P) == 2) {
    const T *x = as<T>(a), *y = as<T>(b);
    for (std::int64_t i = 0; i < n; ++i) {
      if constexpr (is_test(P))
        r[i] = N::test(P, N(x[i]), N(y[i])).value();
      else
        r[i] = N::call(P, N(x[i]), N(y[i])).value();
    }
  } else {
    const T* x = as<T>(a);
    for (std::int64_t i = 0; i < n; ++i) {
      if constexpr (is_test(P))
        r[i] = N::test(P, N(x[i])).value();
      else
        r[i] = N::call(P, N(x[i])).value();
    }
  }
}

template <Primitive P, Element T>
void run_function(const void* a, const void* b, const void*, void* out, std::int64_t n) {
  apply_function(P, as<T>(a), as<T>(b), static_cast<T*>(out), n);
}

/// The C++ type of the `compute_dtype` of T.
template <Element T>
using Computed = std::conditional_t<dtype_of<T> == compute_dtype(dtype_of<T>), T,
                                    std::conditional_t<is_float(dtype_of<T>), float, std::int32_t>>;

/// Casts to `To`, whose values are then held as `Held`.
template <Element From, Element To, Element Held = To>
void run_cast(const void* a, const void*, const void*, void* out, std::int64_t n) {
  const From* x = as<From>(a);
  Held* __restrict r = static_cast<Held*>(out);
  for (std::int64_t i = 0; i < n; ++i) r[i] = convert<Held>(convert<To>(x[i]));
}

template <Element T, std::size_t P>
constexpr WordLoop word_loop() {
  constexpr auto word = static_cast<Primitive>(P);
  if constexpr (arity_of(word) == 0 || word == Primitive::cast ||
                !operand_dtypes(word).contains(dtype_of<T>)) {
    return nullptr;
  } else if constexpr (is_function(word) && is_float(dtype_of<T>)) {
    return run_function<word, T>;
  } else {
    return run<word, T>;
  }
}

template <Element T>
constexpr std::array<WordLoop, words> word_loops = []<std::size_t... P>(std::index_sequence<P...>) {
  return std::array<WordLoop, words>{word_loop<T, P>()...};
}
(std::make_index_sequence<words>{});

template <Element From>
WordLoop cast_loop(DType to) {
  return dispatch_stored(to, []<class To>(std::type_identity<To>) -> WordLoop {
    return run_cast<From, To, Computed<To>>;
  });
}

}  // namespace

WordLoop loop_of(Primitive primitive, DType operand, DType result) {
  return dispatch(compute_dtype(operand), [&]<class T>(std::type_identity<T>) -> WordLoop {
    if (primitive == Primitive::cast) return cast_loop<T>(result);
    return word_loops<T>[static_cast<std::size_t>(primitive)];
  });
}

WordLoop load_loop(DType dtype) {
  if (!is_stored_only(dtype)) return nullptr;
  return dispatch_stored(
      dtype, []<class T>(std::type_identity<T>) -> WordLoop { return run_cast<T, Computed<T>>; });
}

WordLoop store_loop(DType dtype) {
  if (!is_stored_only(dtype)) return nullptr;
  return dispatch_stored(
      dtype, []<class T>(std::type_identity<T>) -> WordLoop { return run_cast<Computed<T>, T>; });
}

std::uint64_t compute(Primitive primitive, DType operand, DType result,
                      const std::array<std::uint64_t, 3>& operands) {
  std::array<std::uint64_t, 3> held = operands;
  const bool selects = primitive == Primitive::select;
  if (const WordLoop load = load_loop(operand))
    for (std::size_t i = selects ? 1 : 0; i < held.size(); ++i)
      load(&operands[i], nullptr, nullptr, &held[i], 1);
  std::uint64_t out = 0, stored = 0;
  loop_of(primitive, operand, result)(&held[0], &held[1], &held[2], &out, 1);
  const WordLoop store = store_loop(result);
  if (store == nullptr) return out;
  store(&out, nullptr, nullptr, &stored, 1);
  return stored;
}

}  // namespace dagrad::detail
