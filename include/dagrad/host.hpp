#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <vector>

#include "dagrad/axes.hpp"
#include "dagrad/range.hpp"
#include "dagrad/tensor.hpp"

/// Ops on tensors, computed at once and without a graph, to cut data into batches or to turn
/// predictions into an accuracy. Names, axes, results and errors are those of the ops for graphs.
/// All take every dtype, except that `sum`, `mean` and `standard_deviation` take those of their
/// ops. `evaluate_op` computes any other op.
namespace dagrad {

class Value;

/// An argument of these functions: a tensor, or a plain number, which takes its dtype from the
/// tensor beside it. It is constructed implicitly and records the source line of the call.
class HostOperand {
 public:
  HostOperand(const Tensor& tensor, Location where = Location::here())
      : tensor_(tensor), where_(where) {}
  template <class T>
  requires std::is_arithmetic_v<T> HostOperand(T number, Location where = Location::here())
      : tensor_(number), literal_(number), is_literal_(true), where_(where) {}

  const Tensor& tensor() const { return tensor_; }
  /// The tensor, or the number as a scalar of the dtype. Throws as `Literal::bits` does.
  Tensor beside(DType dtype) const {
    return is_literal_ ? Tensor::full({dtype, {}}, literal_) : tensor_;
  }
  bool is_literal() const { return is_literal_; }
  Location where() const { return where_; }

 private:
  Tensor tensor_;
  Literal literal_ = 0;
  bool is_literal_ = false;
  Location where_;
};

/// Compare two tensors element by element; they broadcast together, and the result is a tensor of
/// bools.
Tensor equal(const HostOperand& a, const HostOperand& b);
Tensor not_equal(const HostOperand& a, const HostOperand& b);
Tensor less(const HostOperand& a, const HostOperand& b);
Tensor less_equal(const HostOperand& a, const HostOperand& b);
Tensor greater(const HostOperand& a, const HostOperand& b);
Tensor greater_equal(const HostOperand& a, const HostOperand& b);

/// Reductions over one axis, several or all.
Tensor sum(const HostOperand& x, const Axes& axes = {}, bool keep_dims = false);
Tensor mean(const HostOperand& x, const Axes& axes = {}, bool keep_dims = false);
Tensor standard_deviation(const HostOperand& x, const Axes& axes = {}, bool keep_dims = false,
                          std::int64_t ddof = 0);
Tensor max(const HostOperand& x, const Axes& axes = {}, bool keep_dims = false);
Tensor min(const HostOperand& x, const Axes& axes = {}, bool keep_dims = false);
Tensor argmax(const HostOperand& x, const Axes& axes = {}, bool keep_dims = false);
Tensor argmin(const HostOperand& x, const Axes& axes = {}, bool keep_dims = false);
Tensor any(const HostOperand& x, const Axes& axes = {}, bool keep_dims = false);
Tensor all(const HostOperand& x, const Axes& axes = {}, bool keep_dims = false);
Tensor count_nonzero(const HostOperand& x, const Axes& axes = {}, bool keep_dims = false);

/// The slices of `x` across an axis at the given indices: `take(x, order[Range{0, 32}], 0)` is a
/// batch of rows.
Tensor take(const HostOperand& x, const HostOperand& indices, std::int64_t axis);
/// A range of each axis, or of one, copied. (`x[...]` shares the storage if it can.)
Tensor slice(const HostOperand& x, const std::vector<Range>& ranges);
Tensor slice(const HostOperand& x, std::int64_t axis, const Range& range);
/// Joins the tensors one after the other along an axis.
Tensor concat(std::span<const Tensor> tensors, std::int64_t axis = 0,
              Location where = Location::here());
template <std::same_as<Tensor> T>
Tensor concat(std::initializer_list<T> tensors, std::int64_t axis = 0,
              Location where = Location::here()) {
  return concat(std::span<const Tensor>(tensors.begin(), tensors.size()), axis, where);
}
/// Joins the tensors side by side along a new axis of the result.
Tensor stack(std::span<const Tensor> tensors, std::int64_t axis = 0,
             Location where = Location::here());
template <std::same_as<Tensor> T>
Tensor stack(std::initializer_list<T> tensors, std::int64_t axis = 0,
             Location where = Location::here()) {
  return stack(std::span<const Tensor>(tensors.begin(), tensors.size()), axis, where);
}

namespace detail {

template <class T>
concept BesideTensor = std::same_as<T, Tensor> || std::same_as<T, Value> || std::is_arithmetic_v<T>;
template <class A, class B>
concept TensorArithmetic = (std::same_as<A, Tensor> && BesideTensor<B>) ||
                           (std::same_as<B, Tensor> && BesideTensor<A>);

template <class T>
Tensor refuse_arithmetic() {
  static_assert(!std::same_as<T, T>,
                "dagrad: a Tensor has no arithmetic: make it an input or a constant of a graph, "
                "compute with values, and evaluate the result");
  return {};
}

}  // namespace detail

/// These do not compile, and say what to write instead.
template <class A, class B>
requires detail::TensorArithmetic<A, B> Tensor operator+(const A&, const B&) {
  return detail::refuse_arithmetic<A>();
}
template <class A, class B>
requires detail::TensorArithmetic<A, B> Tensor operator-(const A&, const B&) {
  return detail::refuse_arithmetic<A>();
}
template <class A, class B>
requires detail::TensorArithmetic<A, B> Tensor operator*(const A&, const B&) {
  return detail::refuse_arithmetic<A>();
}
template <class A, class B>
requires detail::TensorArithmetic<A, B> Tensor operator/(const A&, const B&) {
  return detail::refuse_arithmetic<A>();
}
template <std::same_as<Tensor> T>
Tensor operator-(const T&) {
  return detail::refuse_arithmetic<T>();
}

}  // namespace dagrad
