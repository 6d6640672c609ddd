#pragma once

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

/// Ops that move elements, and compute nothing. All take every dtype. Axes are counted from the end
/// where negative.
namespace dagrad {

struct Reshape {
  std::vector<std::int64_t> shape;
  using attributes = dagrad::attributes<&Reshape::shape>;
  static constexpr auto name = "reshape";
  static constexpr auto doc = "The elements in another shape; -1 is whatever is left over.";
  static constexpr std::size_t operands = 1;
  static constexpr int alias = 0;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Flatten {
  std::int64_t first = 0, last = -1;
  using attributes = dagrad::attributes<&Flatten::first, &Flatten::last>;
  static constexpr auto name = "flatten";
  static constexpr auto doc = "The axes from first to last as one.";
  static constexpr std::size_t operands = 1;
  static constexpr int alias = 0;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Unflatten {
  std::int64_t axis = 0;
  std::vector<std::int64_t> sizes;
  using attributes = dagrad::attributes<&Unflatten::axis, &Unflatten::sizes>;
  static constexpr auto name = "unflatten";
  static constexpr auto doc = "One axis as several; -1 is whatever is left over.";
  static constexpr std::size_t operands = 1;
  static constexpr int alias = 0;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Squeeze {
  std::vector<std::int64_t> axes;
  bool all = false;  ///< whether no other axis may have size 1: a replay drops the same axes
  using attributes = dagrad::attributes<&Squeeze::axes, &Squeeze::all>;
  static constexpr auto name = "squeeze";
  static constexpr auto doc = "Drops axes of size 1.";
  static constexpr std::size_t operands = 1;
  static constexpr int alias = 0;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Unsqueeze {
  std::vector<std::int64_t> axes;
  using attributes = dagrad::attributes<&Unsqueeze::axes>;
  static constexpr auto name = "unsqueeze";
  static constexpr auto doc = "Puts axes of size 1 where the result has the ones named.";
  static constexpr std::size_t operands = 1;
  static constexpr int alias = 0;
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
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct BroadcastTo {
  Shape shape;
  using attributes = dagrad::attributes<&BroadcastTo::shape>;
  static constexpr auto name = "broadcast_to";
  static constexpr auto doc = "Repeats x to a shape by NumPy's rule.";
  static constexpr DTypes dtypes = all_dtypes;
  Type infer(std::span<const Type> in) const;
  template <class T>
  T operator()(const T& x) const {
    return x;
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Concat {
  std::int64_t axis = 0;
  using attributes = dagrad::attributes<&Concat::axis>;
  static constexpr auto name = "concat";
  static constexpr auto doc = "The operands one behind the other along an axis.";
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Split {
  std::int64_t axis = 0;
  std::int64_t parts = 0;           ///< of equal size, where there are no `sizes`
  std::vector<std::int64_t> sizes;  ///< of the results along the axis
  using attributes = dagrad::attributes<&Split::axis, &Split::parts, &Split::sizes>;
  static constexpr auto name = "split";
  static constexpr auto doc = "Cuts x along an axis into parts of equal or given sizes.";
  static constexpr std::size_t operands = 1;
  std::vector<Type> infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct SplitLike {
  std::int64_t axis = 0;
  using attributes = dagrad::attributes<&SplitLike::axis>;
  static constexpr auto name = "split_like";
  static constexpr auto doc = "Cuts x along an axis into parts of the shapes of what follows it.";
  static constexpr auto type_only = operands_from<1>;
  std::vector<Type> infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// What the rule of Split appends where the cotangents of some parts only are there.
struct UnsplitLike {
  std::int64_t axis = 0;
  std::int64_t parts = 0;           ///< as of the split
  std::vector<std::int64_t> sizes;  ///< as of the split
  std::vector<std::int64_t> live;   ///< the parts that follow `like`, in ascending order
  using attributes = dagrad::attributes<&UnsplitLike::axis, &UnsplitLike::parts,
                                        &UnsplitLike::sizes, &UnsplitLike::live>;
  static constexpr auto name = "unsplit_like";
  static constexpr auto doc =
      "Some parts of what `split` would make of `like` in their places, 0 elsewhere.";
  static constexpr std::array type_only{0};
  static constexpr int like = 0;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Slice {
  std::vector<Range> ranges;
  using attributes = dagrad::attributes<&Slice::ranges>;
  static constexpr auto name = "slice";
  static constexpr auto doc = "A range of each axis, as x[1:3, ::-1] in NumPy.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct UnsliceLike {
  std::vector<Range> ranges;
  using attributes = dagrad::attributes<&UnsliceLike::ranges>;
  static constexpr auto name = "unslice_like";
  static constexpr auto doc = "x where a slice of `like` would be taken from, 0 elsewhere.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  static constexpr int like = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Pad {
  std::vector<std::int64_t> before, after;
  double value = 0;
  using attributes = dagrad::attributes<&Pad::before, &Pad::after, &Pad::value>;
  static constexpr auto name = "pad";
  static constexpr auto doc = "x with elements of one value before and behind it along each axis.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Dimensions as a list or a Shape; -1 stands for what is left over.
class Dimensions {
 public:
  Dimensions(std::initializer_list<std::int64_t> sizes) : sizes_(sizes) {}
  Dimensions(std::vector<std::int64_t> sizes) : sizes_(std::move(sizes)) {}
  Dimensions(const Shape& shape) : sizes_(shape.begin(), shape.end()) {}
  const std::vector<std::int64_t>& sizes() const { return sizes_; }

 private:
  std::vector<std::int64_t> sizes_;
};

/// The elements of `x`, in row-major order, in another shape: the same memory. One dimension may be
/// -1. Throws ShapeError where the numbers of elements differ or -1 has no answer.
Value reshape(const Operand& x, const Dimensions& shape);
/// The axes from `first` to `last` as one; a scalar becomes [1]. Throws ShapeError for axes outside
/// of the rank or out of order.
Value flatten(const Operand& x, std::int64_t first = 0, std::int64_t last = -1);
/// One axis as several of these sizes, of which one may be -1: the same memory, and whatever the
/// sizes of other axes when a graph is replayed. Throws ShapeError where they do not make up the
/// axis.
Value unflatten(const Operand& x, std::int64_t axis, const std::vector<std::int64_t>& sizes);
/// Without its axes of size 1. Throws ShapeError for an axis of another size.
Value squeeze(const Operand& x);
Value squeeze(const Operand& x, const Axes& axes);
/// With axes of size 1: `axes` are theirs in the result. Throws ShapeError for axes outside of the
/// result's rank or given twice.
Value unsqueeze(const Operand& x, const Axes& axes);
/// Axis i of the result is axis axes[i] of `x`; without axes, they are reversed. Throws ShapeError
/// for what is no permutation.
Value transpose(const Operand& x);
Value transpose(const Operand& x, const Axes& axes);
/// Repeats `x` by NumPy's rule. Throws ShapeError where x does not broadcast to the shape.
Value broadcast_to(const Operand& x, const Shape& shape);
/// One behind the other along an axis. Throws ArgumentError for none, TypeError where dtypes
/// differ, ShapeError where other axes do.
Value concat(std::initializer_list<Operand> values, std::int64_t axis = 0);
Value concat(std::span<const Value> values, std::int64_t axis = 0,
             Location where = Location::here());
/// Side by side along a new axis of the result. Throws as concat.
Value stack(std::initializer_list<Operand> values, std::int64_t axis = 0);
Value stack(std::span<const Value> values, std::int64_t axis = 0,
            Location where = Location::here());
/// What is side by side along an axis, without that axis: undoes `stack`. Nothing where the axis
/// has size 0. Throws ShapeError for an axis outside of the rank.
std::vector<Value> unstack(const Operand& x, std::int64_t axis = 0);
/// Cuts along an axis into parts of equal size. Throws ShapeError where they can't be equal.
std::vector<Value> split(const Operand& x, std::int64_t parts, std::int64_t axis = 0);
/// Cuts along an axis into parts of these sizes. Throws ShapeError where they do not sum up to x's.
std::vector<Value> split(const Operand& x, const std::vector<std::int64_t>& sizes,
                         std::int64_t axis = 0);
/// A range of each axis, of the first ones where there are fewer ranges. Throws ShapeError for more
/// ranges than axes, ArgumentError for a step of 0.
Value slice(const Operand& x, const std::vector<Range>& ranges);
/// A range of one axis.
Value slice(const Operand& x, std::int64_t axis, const Range& range);
/// `x` at the places of a slice of zeros of the shape of `like`. Throws ShapeError where that slice
/// has another shape than x.
Value unslice_like(const Operand& x, const Operand& like, const std::vector<Range>& ranges);
/// `x` with before[i] elements before it and after[i] behind it along axis i, all `value`,
/// converted to its dtype. Throws ShapeError where the numbers are not one an axis, ArgumentError
/// for negative ones, TypeError for a fraction and an int.
Value pad(const Operand& x, const std::vector<std::int64_t>& before,
          const std::vector<std::int64_t>& after, double value = 0);

}  // namespace dagrad
