#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dagrad/apply.hpp"

/// Ops that read and write the elements selected by a tensor of indices, int32 or int64. A negative
/// index counts from the end. An index outside of [-n, n) is an error that names it and its
/// position; constant indices are checked when the node is made, all others during the run. The ops
/// take every dtype, except that additions take only int32, int64 and floats; float16 and bfloat16
/// are summed in float32. Indices have no gradient. There are two ways to select: indices of any
/// shape select whole slices across an axis, whereas the ops `along` an axis take one index for
/// each element.
namespace dagrad {

/// What all indexing ops have in common.
struct Indexed {
  std::int64_t axis = 0;
  using attributes = dagrad::attributes<&Indexed::axis>;
  /// The batch of an op on x, indices and maybe values, or on indices and `like`.
  std::vector<Value> batch_over(const BatchContext& b, bool along) const;
};

/// take and take_along_axis.
template <bool along>
struct Gather : Indexed {
  static constexpr auto name = along ? "take_along_axis" : "take";
  static constexpr auto doc =
      along
          ? "Selects, in each line along an axis, the elements that the line's own indices name."
          : "Selects slices across an axis by indices of any shape, whose axes replace that axis.";
  static constexpr std::size_t operands = 2;
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  void validate(std::span<const View> in) const;
  double cost(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const { return batch_over(b, along); }
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// scatter_add and add_along_axis.
template <bool along>
struct ScatterSum : Indexed {
  static constexpr auto name = along ? "add_along_axis" : "scatter_add";
  static constexpr auto doc =
      along ? "x with values added to the elements that indices name along an axis. An element "
              "that is named more than once gets its values in the order of the indices."
            : "x with slices added to those that indices name across an axis. A slice that is "
              "named more than once gets its values in the order of the indices.";
  static constexpr std::size_t operands = 3;
  static constexpr std::array in_place{0};
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void validate(std::span<const View> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const { return batch_over(b, along); }
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// scatter and put_along_axis.
template <bool along>
struct ScatterPut : Indexed {
  static constexpr auto name = along ? "put_along_axis" : "scatter";
  static constexpr auto doc =
      along ? "x with values in place of the elements that indices name along an axis. If an "
              "element is named more than once, the last value wins."
            : "x with slices in place of those that indices name across an axis. If a slice is "
              "named more than once, the last one wins.";
  static constexpr std::size_t operands = 3;
  static constexpr std::array in_place{0};
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void validate(std::span<const View> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const { return batch_over(b, along); }
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// Tells which of the values written by a scatter are still there: its gradient needs this.
template <bool along>
struct LastNamed : Indexed {
  static constexpr auto name = along ? "last_along_axis_like" : "last_named_like";
  static constexpr auto doc =
      along
          ? "For each index, whether no later index of its line names the same element of `like`."
          : "For each index, whether no later index names the same slice across an axis of `like`.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  Type infer(std::span<const Type> in) const;
  void validate(std::span<const View> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const { return batch_over(b, along); }
  static Samples samples(Rng& rng);
};

/// Turns indices into several axes into indices into the flattened axes, which reduces gather_nd to
/// take.
struct LinearIndexLike {
  std::int64_t axes = -1;  ///< how many axes each row must index; -1: any number
  using attributes = dagrad::attributes<&LinearIndexLike::axes>;
  static constexpr auto name = "linear_index_like";
  static constexpr auto doc =
      "For each row of indices, one for each of the leading axes of `like`, the row-major position "
      "of the element or slice that the row names.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  Type infer(std::span<const Type> in) const;
  void validate(std::span<const View> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
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

/// The builders throw ShapeError for an axis outside of the rank and for shapes that do not fit,
/// TypeError if the indices are not int32 or int64 or if the values differ in dtype from x. A run
/// throws RunError for an index out of range.

/// Selects slices of `x` across an axis, like NumPy's take: x [a…, n, b…] and indices [i…] give
/// [a…, i…, b…].
Value take(const Operand& x, const Operand& indices, std::int64_t axis);
/// The rows of a table [n, …] that indices [i…] name: [i…, …]. This is `take` along axis 0.
Value embedding(const Operand& table, const Operand& indices);
/// Adds `values` to the slices of `x` that `take` would read. The values have the shape of the
/// result of `take`, or broadcast to it. A slice that is named more than once gets its values one
/// after the other in the order of the indices, whatever the number of threads. Throws TypeError
/// for bools, int8, uint8 and int16.
Value scatter_add(const Operand& x, const Operand& indices, const Operand& values,
                  std::int64_t axis);
/// Replaces the slices of `x` that `take` would read by `values`. If a slice is named more than
/// once, the last one wins.
Value scatter(const Operand& x, const Operand& indices, const Operand& values, std::int64_t axis);
/// out[…, i, …] = x[…, indices[…, i, …], …]: the indices have the shape of `x` in all axes but this
/// one.
Value take_along_axis(const Operand& x, const Operand& indices, std::int64_t axis);
/// Adds `values` to the elements of `x` that `take_along_axis` would read, in the order of the
/// indices. The values have the shape of the indices, or broadcast to it. Throws TypeError as
/// `scatter_add` does.
Value add_along_axis(const Operand& x, const Operand& indices, const Operand& values,
                     std::int64_t axis);
/// Replaces the elements of `x` that `take_along_axis` would read by `values`. If an element is
/// named more than once, the last value wins.
Value put_along_axis(const Operand& x, const Operand& indices, const Operand& values,
                     std::int64_t axis);

/// The row-major positions, int64 [i…], that indices [i…, m] name in the first m axes of `like`.
Value linear_index_like(const Operand& indices, const Operand& like);
/// out[i…, …] = x[indices[i…, 0], …, indices[i…, m - 1], …]: each row of m indices [i…, m] selects
/// an element of `x`, or a slice if `x` has more than m axes. An element that is selected more than
/// once gets the sum of the gradients, added in the order of the indices. Throws ShapeError for
/// indices without an axis and for rows longer than the rank of `x`.
Value gather_nd(const Operand& x, const Operand& indices);

}  // namespace dagrad
