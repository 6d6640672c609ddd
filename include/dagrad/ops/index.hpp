#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dagrad/apply.hpp"

/// Ops that read and write where an int32 or int64 tensor says. An index counts from the end where
/// it is negative; one outside of [-n, n) is an error that names it and its place, when the node
/// is made for constant indices, else in the run. All take every dtype, but additions
/// ints of 32 and 64 bits and floats only; float16 and bfloat16 are added up as float32.
/// Indices have no gradient. There are two ways to say where: indices of any shape name whole
/// slices across an axis, or `along` an axis there is one index for each element.
namespace dagrad {

/// What all of them have in common.
struct Indexed {
  std::int64_t axis = 0;
  using attributes = dagrad::attributes<&Indexed::axis>;
};

/// take and take_along_axis.
template <bool along>
struct Gather : Indexed {
  static constexpr auto name = along ? "take_along_axis" : "take";
  static constexpr auto doc =
      along
          ? "Along an axis, of each line the elements that its own indices name."
          : "The slices across an axis that indices of any shape name; their axes take its place.";
  static constexpr std::size_t operands = 2;
  Type infer(std::span<const Type> in) const;
  void validate(std::span<const View> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// scatter_add and add_along_axis.
template <bool along>
struct ScatterSum : Indexed {
  static constexpr auto name = along ? "add_along_axis" : "scatter_add";
  static constexpr auto doc =
      along ? "x with values added, along an axis, to the elements that indices name; in their "
              "order where one is named twice."
            : "x with slices added to those across an axis that indices name; in their order where "
              "one is named twice.";
  static constexpr std::size_t operands = 3;
  static constexpr std::array in_place{0};
  Type infer(std::span<const Type> in) const;
  void validate(std::span<const View> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// scatter and put_along_axis.
template <bool along>
struct ScatterPut : Indexed {
  static constexpr auto name = along ? "put_along_axis" : "scatter";
  static constexpr auto doc =
      along
          ? "x with values in place of the elements, along an axis, that indices name; the last "
            "one where one is named twice."
          : "x with slices in place of those across an axis that indices name; the last one where "
            "one is named twice.";
  static constexpr std::size_t operands = 3;
  static constexpr std::array in_place{0};
  Type infer(std::span<const Type> in) const;
  void validate(std::span<const View> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Which of the values put somewhere are still there: what the gradient of putting needs.
template <bool along>
struct LastNamed : Indexed {
  static constexpr auto name = along ? "last_along_axis_like" : "last_named_like";
  static constexpr auto doc =
      along ? "Whether no later index of the same line names the same element of `like`."
            : "Whether no later index names the same slice across an axis of `like`.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  Type infer(std::span<const Type> in) const;
  void validate(std::span<const View> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Indices of several axes as one of them flattened: what makes gather_nd a take.
struct LinearIndexLike {
  std::int64_t axes = -1;  ///< how many each row must name; -1 where any number will do
  using attributes = dagrad::attributes<&LinearIndexLike::axes>;
  static constexpr auto name = "linear_index_like";
  static constexpr auto doc =
      "Of each row of indices, one for each of the first axes of `like`, the place that they name "
      "there in row-major order.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  Type infer(std::span<const Type> in) const;
  void validate(std::span<const View> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

using Take = Gather<false>;
using TakeAlongAxis = Gather<true>;
using ScatterAdd = ScatterSum<false>;
using AddAlongAxis = ScatterSum<true>;
using Scatter = ScatterPut<false>;
using PutAlongAxis = ScatterPut<true>;
using LastNamedLike = LastNamed<false>;
using LastAlongAxisLike = LastNamed<true>;

/// Throw ShapeError for an axis outside of the rank and for shapes that do not fit, TypeError for
/// indices that are no ints and for values of another dtype than x; runs throw RunError for an
/// index out of range.

/// Slices of `x` across an axis: x [a…, n, b…] and indices [i…] give [a…, i…, b…], as NumPy's take.
Value take(const Operand& x, const Operand& indices, std::int64_t axis);
/// The rows of a table [n, …] that indices [i…] name: [i…, …]. Take on axis 0.
Value embedding(const Operand& table, const Operand& indices);
/// `x` plus `values` at the slices that `take` would read: values have the shape of its result, or
/// broadcast to it. A slice that is named more than once gets them one after the other in the order
/// of the indices, whatever the number of threads. Throws TypeError for bools, int8, uint8 and
/// int16.
Value scatter_add(const Operand& x, const Operand& indices, const Operand& values,
                  std::int64_t axis);
/// `x` with `values` in place of the slices that `take` would read; the last one wins.
Value scatter(const Operand& x, const Operand& indices, const Operand& values, std::int64_t axis);
/// out[…, i, …] = x[…, indices[…, i, …], …]: indices agree with `x` in all axes but this one.
Value take_along_axis(const Operand& x, const Operand& indices, std::int64_t axis);
/// `x` plus `values`, of the shape of the indices or broadcast to it, where `take_along_axis` would
/// read; in the order of the indices. Throws TypeError as scatter_add.
Value add_along_axis(const Operand& x, const Operand& indices, const Operand& values,
                     std::int64_t axis);
/// `x` with `values` where `take_along_axis` would read; the last one wins.
Value put_along_axis(const Operand& x, const Operand& indices, const Operand& values,
                     std::int64_t axis);

/// The row-major places, int64 [i…], of indices [i…, m] for the first m axes of `like`.
Value linear_index_like(const Operand& indices, const Operand& like);
/// out[i…, …] = x[indices[i…, 0], …, indices[i…, m - 1], …]: rows of m indices [i…, m] name
/// elements of `x`, or slices where it has more than m axes. A place that is named twice gets both
/// gradients, in the order of the indices. Throws ShapeError for indices without an axis or with
/// more than the rank of `x` in a row.
Value gather_nd(const Operand& x, const Operand& indices);

}  // namespace dagrad
