#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/axes.hpp"
#include "dagrad/range.hpp"

/// Ops that move elements without computing anything. All take every dtype. Negative axes count
/// from the end.
namespace dagrad {

struct Reshape {
  std::vector<std::int64_t> shape;
  using attributes = dagrad::attributes<&Reshape::shape>;
  static constexpr auto name = "reshape";
  static constexpr auto doc =
      "The elements in another shape; a size of -1 is inferred from the others.";
  static constexpr std::size_t operands = 1;
  static constexpr int alias = 0;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  static Samples samples(Rng& rng);
};

struct Flatten {
  std::int64_t first = 0, last = -1;
  using attributes = dagrad::attributes<&Flatten::first, &Flatten::last>;
  static constexpr auto name = "flatten";
  static constexpr auto doc = "The axes from `first` to `last`, merged into one.";
  static constexpr std::size_t operands = 1;
  static constexpr int alias = 0;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  static Samples samples(Rng& rng);
};

struct Unflatten {
  std::int64_t axis = 0;
  std::vector<std::int64_t> sizes;
  using attributes = dagrad::attributes<&Unflatten::axis, &Unflatten::sizes>;
  static constexpr auto name = "unflatten";
  static constexpr auto doc =
      "One axis divided into several; a size of -1 is inferred from the others.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::shifted;
  static constexpr int alias = 0;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Squeeze {
  std::vector<std::int64_t> axes;
  bool all = false;  ///< no other axis may have size 1, so that a replay drops the same axes
  using attributes = dagrad::attributes<&Squeeze::axes, &Squeeze::all>;
  static constexpr auto name = "squeeze";
  static constexpr auto doc = "Drops axes of size 1.";
  static constexpr std::size_t operands = 1;
  static constexpr int alias = 0;
  std::uint32_t row_operands(std::span<const Type> in) const;
  int kept_axis(int axis, int rank) const {
    for (int kept = 0; kept < rank; ++kept) {
      const auto is_dropped = [&](std::int64_t each) { return normalize_axis(each, rank) == kept; };
      if (std::ranges::none_of(axes, is_dropped) && axis-- == 0) return kept;
    }
    return -1;
  }
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  static Samples samples(Rng& rng);
};

struct Unsqueeze {
  std::vector<std::int64_t> axes;
  using attributes = dagrad::attributes<&Unsqueeze::axes>;
  static constexpr auto name = "unsqueeze";
  static constexpr auto doc = "Inserts axes of size 1 at the given positions of the result.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::shifted;
  static constexpr int alias = 0;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Transpose {
  std::vector<std::int64_t> axes;
  using attributes = dagrad::attributes<&Transpose::axes>;
  static constexpr auto name = "transpose";
  static constexpr auto doc = "Axis i of the result is axis axes[i] of x.";
  static constexpr std::size_t operands = 1;
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  bool unroll(Unrolled& code) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct BroadcastTo {
  Shape shape;
  using attributes = dagrad::attributes<&BroadcastTo::shape>;
  static constexpr auto name = "broadcast_to";
  static constexpr auto doc = "Repeats x to the given shape by NumPy's broadcasting rule.";
  static constexpr DTypes dtypes = all_dtypes;
  Type infer(std::span<const Type> in) const;
  template <class T>
  T operator()(const T& x) const {
    return x;
  }
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  static Samples samples(Rng& rng);
};

struct Concat {
  std::int64_t axis = 0;
  using attributes = dagrad::attributes<&Concat::axis>;
  static constexpr auto name = "concat";
  static constexpr Batching batching = Batching::shifted;
  static constexpr auto doc = "The operands joined one after the other along an axis.";
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  bool unroll(Unrolled& code) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct Split {
  std::int64_t axis = 0;
  std::int64_t parts = 0;           ///< the number of equal parts, if there are no `sizes`
  std::vector<std::int64_t> sizes;  ///< the sizes of the results along the axis
  using attributes = dagrad::attributes<&Split::axis, &Split::parts, &Split::sizes>;
  static constexpr auto name = "split";
  static constexpr auto doc = "Cuts x along an axis into parts of equal or of given sizes.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::shifted;
  static constexpr bool raises_flags = true;
  int kept_axis(int at, int rank) const { return at == normalize_axis(axis, rank) ? -1 : at; }
  std::vector<Type> infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct SplitLike {
  std::int64_t axis = 0;
  using attributes = dagrad::attributes<&SplitLike::axis>;
  static constexpr auto name = "split_like";
  static constexpr auto doc =
      "Cuts x along an axis into parts that have the shapes of the operands after it.";
  static constexpr Batching batching = Batching::shifted;
  static constexpr auto type_only = operands_from<1>;
  static constexpr bool raises_flags = true;
  std::vector<Type> infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The gradient rule of Split appends this op if only some parts have a cotangent.
struct UnsplitLike {
  std::int64_t axis = 0;
  std::int64_t parts = 0;           ///< as in the split
  std::vector<std::int64_t> sizes;  ///< as in the split
  std::vector<std::int64_t> live;   ///< which parts follow `like`, in ascending order
  using attributes = dagrad::attributes<&UnsplitLike::axis, &UnsplitLike::parts,
                                        &UnsplitLike::sizes, &UnsplitLike::live>;
  static constexpr auto name = "unsplit_like";
  static constexpr auto doc =
      "Puts some of the parts that `split` would make of `like` at their places, with 0 elsewhere.";
  static constexpr Batching batching = Batching::shifted;
  static constexpr std::array type_only{0};
  static constexpr int like = 0;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct Slice {
  std::vector<Range> ranges;
  using attributes = dagrad::attributes<&Slice::ranges>;
  static constexpr auto name = "slice";
  static constexpr auto doc = "A range of each axis, like x[1:3, ::-1] in NumPy.";
  static constexpr std::size_t operands = 1;
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  int kept_axis(int axis, int /*rank*/) const {
    return axis < static_cast<int>(ranges.size()) ? -1 : axis;
  }
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  bool unroll(Unrolled& code) const;
  double cost(const PlanContext& plan) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct UnsliceLike {
  std::vector<Range> ranges;
  using attributes = dagrad::attributes<&UnsliceLike::ranges>;
  static constexpr auto name = "unslice_like";
  static constexpr auto doc =
      "x at the place where a slice of `like` would be taken from, 0 elsewhere.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  static constexpr int like = 1;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct Pad {
  std::vector<std::int64_t> before, after;
  double value = 0;
  using attributes = dagrad::attributes<&Pad::before, &Pad::after, &Pad::value>;
  static constexpr auto name = "pad";
  static constexpr auto doc =
      "x with elements of one value added before and after it along each axis.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The sizes of a shape, as a list or a Shape; -1 stands for a size to be inferred.
class Dimensions {
 public:
  Dimensions(std::initializer_list<std::int64_t> sizes) : sizes_(sizes) {}
  Dimensions(std::vector<std::int64_t> sizes) : sizes_(std::move(sizes)) {}
  Dimensions(const Shape& shape) : sizes_(shape.begin(), shape.end()) {}
  const std::vector<std::int64_t>& sizes() const { return sizes_; }

 private:
  std::vector<std::int64_t> sizes_;
};

/// The elements of `x`, in row-major order, in another shape; the memory is shared. One size may be
/// -1 and is inferred. Throws ShapeError if the numbers of elements differ or if -1 cannot be
/// inferred.
Value reshape(const Operand& x, const Dimensions& shape);
/// Merges the axes from `first` to `last` into one; a scalar becomes [1]. Throws ShapeError for
/// axes outside of the rank or out of order.
Value flatten(const Operand& x, std::int64_t first = 0, std::int64_t last = -1);
/// Divides one axis into several of the given sizes, of which one may be -1; the memory is shared.
/// It keeps working when a graph is replayed with other sizes of the other axes. Throws ShapeError
/// if the sizes do not multiply to that of the axis.
Value unflatten(const Operand& x, std::int64_t axis, const std::vector<std::int64_t>& sizes);
/// Drops the axes of size 1: all of them, or those given. Throws ShapeError if a given axis has
/// another size.
Value squeeze(const Operand& x);
Value squeeze(const Operand& x, const Axes& axes);
/// Inserts axes of size 1; `axes` are their positions in the result. Throws ShapeError for axes
/// outside of the result's rank or given twice.
Value unsqueeze(const Operand& x, const Axes& axes);
/// Permutes the axes: axis i of the result is axis axes[i] of `x`. Without `axes`, their order is
/// reversed. Throws ShapeError if `axes` is not a permutation.
Value transpose(const Operand& x);
Value transpose(const Operand& x, const Axes& axes);
/// Repeats `x` to `shape` by NumPy's broadcasting rule. Throws ShapeError if x does not broadcast
/// to it.
Value broadcast_to(const Operand& x, const Shape& shape);
/// Joins the values one after the other along an axis. Throws ArgumentError if there are none,
/// TypeError if dtypes differ, and ShapeError if the shapes differ in another axis.
Value concat(std::initializer_list<Operand> values, std::int64_t axis = 0);
Value concat(std::span<const Value> values, std::int64_t axis = 0,
             Location where = Location::here());
/// Joins the values along a new axis of the result. Throws as `concat` does.
Value stack(std::initializer_list<Operand> values, std::int64_t axis = 0);
Value stack(std::span<const Value> values, std::int64_t axis = 0,
            Location where = Location::here());
/// The slices of `x` along an axis, without that axis: the inverse of `stack`. The result is empty
/// if the axis has size 0. Throws ShapeError for an axis outside of the rank.
std::vector<Value> unstack(const Operand& x, std::int64_t axis = 0);
/// Cuts `x` along an axis into parts of equal size. Throws ShapeError if the axis cannot be divided
/// equally, and ArgumentError for parts < 1.
std::vector<Value> split(const Operand& x, std::int64_t parts, std::int64_t axis = 0);
/// Cuts `x` along an axis into parts of the given sizes. Throws ShapeError if they do not add up to
/// the size of the axis.
std::vector<Value> split(const Operand& x, const std::vector<std::int64_t>& sizes,
                         std::int64_t axis = 0);
/// Takes a range of each axis; axes without a range are kept whole. Throws ShapeError if there are
/// more ranges than axes, and ArgumentError for a step of 0.
Value slice(const Operand& x, const std::vector<Range>& ranges);
/// Takes a range of one axis.
Value slice(const Operand& x, std::int64_t axis, const Range& range);
/// Puts `x` into zeros of the shape of `like`, at the places that the slice selects. Throws
/// ShapeError if the slice has another shape than x.
Value unslice_like(const Operand& x, const Operand& like, const std::vector<Range>& ranges);
/// Pads `x` with before[i] elements before it and after[i] after it along axis i, all of them
/// `value` converted to its dtype. Throws ShapeError unless there is one number for each axis,
/// ArgumentError for negative numbers, and TypeError for a fraction in an int dtype.
Value pad(const Operand& x, const std::vector<std::int64_t>& before,
          const std::vector<std::int64_t>& after, double value = 0);

}  // namespace dagrad
