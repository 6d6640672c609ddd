#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/detail/op_form.hpp"

/// Functors that branch on values: a loop over numbers of each dtype that the op takes.
namespace dagrad::detail {

/// Walks an index over a shape for operands of other shapes broadcast to it.
class BroadcastIndex {
 public:
  BroadcastIndex(const Shape& out, std::span<const View> in);
  /// Offset of operand i at row-major position `at` of the result.
  std::int64_t operator()(std::size_t i, std::int64_t at) const;
  bool dense(std::size_t i) const { return steps_[i].dense; }

 private:
  struct Steps {
    std::array<std::int64_t, max_rank> step{};
    bool dense = false;
  };
  Shape out_;
  std::vector<Steps> steps_;
};

/// The dtype of the operands, which must agree. Throws TypeError where they do not, or the op does
/// not take it.
DType same_dtype(std::span<const Type> in, DTypes takes);

/// Calls f with a Number of the dtype; only the dtypes that the op takes are instantiated.
template <class T, class F>
void with_number(DType dtype, F&& f) {
  constexpr DTypes takes = dtypes_of<T>();
  dispatch(dtype, [&](auto type) {
    using E = typename decltype(type)::type;
    if constexpr (takes.contains(dtype_of<E>))
      f(Number<E, true>{});
    else
      throw InternalError("a dtype that the op does not take reached it");
  });
}

/// What the functor gives for numbers of type N.
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
    constexpr std::size_t arity = functor_arity<T, N>();
    const BroadcastIndex index(c.out_shape(), c.ins);
    const auto out = c.out<typename PlainResult<T, N>::value_type>();
    c.parallel.ranges(
        static_cast<std::int64_t>(out.size()), 4096, [&](std::int64_t begin, std::int64_t end) {
          std::array<N, arity> x;
          for (std::int64_t at = begin; at < end; ++at) {
            for (std::size_t i = 0; i < arity; ++i)
              x[i] = static_cast<const E*>(c.ins[i].data)[index.dense(i) ? at : index(i, at)];
            out[static_cast<std::size_t>(at)] = call_functor(op, std::span<const N>(x)).value();
          }
        });
  });
}

/// Tells the sink the decisions of every element.
template <class T>
void probe(const T& op, std::span<const View> in, const Shape& shape, const DecisionSink& sink) {
  with_number<T>(in[0].type.dtype, [&](auto number) {
    using E = typename decltype(number)::value_type;
    if constexpr (functor_arity<T, Probe<E>>() > 0) {
      const BroadcastIndex index(shape, in);
      for (std::int64_t at = 0; at < shape.elements(); ++at) {
        std::vector<Probe<E>> x;
        for (std::size_t i = 0; i < in.size(); ++i)
          x.emplace_back(static_cast<const E*>(in[i].data)[index(i, at)], sink);
        call_functor(op, std::span<const Probe<E>>(x));
      }
    }
  });
}

}  // namespace dagrad::detail
