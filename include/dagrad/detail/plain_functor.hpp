#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/detail/op_form.hpp"
#include "dagrad/strides.hpp"

/// Implements functors that branch on values by loops over numbers of each dtype that the op takes.
namespace dagrad::detail {

/// The dtype of the operands. Throws TypeError if they differ or the op does not take it.
DType same_dtype(std::span<const Type> in, DTypes takes);

std::vector<Type> types_of(std::span<const View> views);

/// Calls f with the Number type of the dtype. Only dtypes that the op takes are instantiated.
template <class T, class F>
void with_number(DType dtype, F&& f) {
  constexpr DTypes takes = dtypes_of<T>();
  dispatch(dtype, [&](auto type) {
    using E = typename decltype(type)::type;
    if constexpr (takes.contains(dtype_of<E>))
      f(Number<E, true>{});
    else
      throw InternalError("an op was called with a dtype that it does not take");
  });
}

/// The result type of the functor for numbers of type N.
template <class T, class N>
using PlainResult = decltype(call_functor(std::declval<const T&>(), std::span<const N>()));

template <class T>
DType plain_dtype(std::span<const Type> in) {
  DType result = same_dtype(in, dtypes_of<T>());
  with_number<T>(result, [&](auto number) {
    result = dtype_of<typename PlainResult<T, decltype(number)>::value_type>;
  });
  return result;
}

template <class T>
void plain_loop(const T& op, const EvalContext& c) {
  with_number<T>(c.ins[0].type.dtype, [&](auto number) {
    using N = decltype(number);
    using E = typename N::value_type;
    using R = typename PlainResult<T, N>::value_type;
    constexpr std::size_t arity = functor_arity<T, N>();
    std::array<Strides, arity> strides;
    for (std::size_t i = 0; i < arity; ++i)
      strides[i] = broadcast_strides(c.in_shape(i), c.out_shape());
    StridedAxes<arity> axes;
    axes.add(c.out_shape(), strides);
    R* const out = c.out<R>().data();
    c.parallel.ranges(axes.positions(), 4096, [&](std::int64_t begin, std::int64_t end) {
      const UseFunctions functions(c.machine().instruction_set());
      each_row(axes, begin, end, [&](const StridedRow<arity>& row) {
        std::array<N, arity> x;
        for (std::int64_t at = 0; at < row.length; ++at) {
          for (std::size_t i = 0; i < arity; ++i)
            x[i] = static_cast<const E*>(c.ins[i].data)[row.offsets[i] + at * row.strides[i]];
          out[row.position + at] = call_functor(op, std::span<const N>(x)).value();
        }
      });
    });
  });
}

/// Reports the decisions of every element to the sink.
template <class T>
void probe(const T& op, std::span<const View> in, const Shape& shape, const DecisionSink& sink) {
  with_number<T>(in[0].type.dtype, [&](auto number) {
    using E = typename decltype(number)::value_type;
    if constexpr (functor_arity<T, Probe<E>>() > 0) {
      const StridedAxes<> axes = broadcast_axes(types_of(in), shape);
      for (std::int64_t at = 0; at < shape.elements(); ++at) {
        std::vector<Probe<E>> x;
        for (std::size_t i = 0; i < in.size(); ++i)
          x.emplace_back(static_cast<const E*>(in[i].data)[axes.offset(at, i)], sink);
        call_functor(op, std::span<const Probe<E>>(x));
      }
    }
  });
}

}  // namespace dagrad::detail
