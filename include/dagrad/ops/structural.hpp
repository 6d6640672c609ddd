#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "dagrad/apply.hpp"

/// Ops that the gradient pass itself appends and that many gradient rules use. Of a `like` operand
/// only the type is used, not the value, so the result adapts when a graph is replayed with other
/// shapes.
namespace dagrad {

struct AddN {
  static constexpr auto name = "add_n";
  static constexpr auto doc = "The sum of any number of values, which broadcast together.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(std::span<const T> x) const {
    T sum = x[0];
    for (const T& term : x.subspan(1)) sum = sum + term;
    return sum;
  }
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct SumToLike {
  static constexpr auto name = "sum_to_like";
  static constexpr auto doc =
      "Sums x over the axes along which `like` was broadcast to the shape of x.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  static constexpr int like = 1, identity = 0;
  static constexpr DTypes dtypes = float_dtypes;
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  bool unroll(Unrolled& code) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct BroadcastLike {
  static constexpr auto name = "broadcast_like";
  static constexpr auto doc = "Repeats x to the shape of `like` by NumPy's broadcasting rule.";
  static constexpr std::array type_only{1};
  static constexpr int like = 1, identity = 0;
  static constexpr DTypes dtypes = all_dtypes;
  Type infer(std::span<const Type> in) const;
  template <class T>
  T operator()(const T& x, const T& /*like*/) const {
    return x;
  }
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  static Samples samples(Rng& rng);
};

struct ReshapeLike {
  static constexpr auto name = "reshape_like";
  static constexpr auto doc = "The elements of x in the shape of `like`.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  static constexpr int like = 1;
  static constexpr int alias = 0;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  static Samples samples(Rng& rng);
};

/// Batching appends this op for operands that are the same for the whole batch.
struct BatchLike {
  static constexpr auto name = "batch_like";
  static constexpr auto doc =
      "x repeated along a new first axis, which is as long as the first axis of `like`.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  static constexpr DTypes dtypes = all_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  static Samples samples(Rng& rng);
};

struct FullLike {
  double value = 0;
  using attributes = dagrad::attributes<&FullLike::value>;
  static constexpr auto name = "full_like";
  static constexpr auto doc = "A tensor of the type of `like` filled with `value`.";
  static constexpr std::array type_only{0};
  static constexpr DTypes dtypes = all_dtypes;
  template <class T>
  T operator()(const T& /*like*/) const {
    return T(value);
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// The sum of one or more values, which broadcast together; more than 16 are summed by a tree of
/// such ops, and a single value is returned unchanged. Throws ArgumentError if there are no values,
/// and TypeError for bools.
Value add_n(std::span<const Value> values, Location where = Location::here());
Value add_n(std::initializer_list<Value> values, Location where = Location::here());
/// Sums `x`, of any float dtype, down to the shape of `like`, from which it was broadcast. If the
/// shapes are equal, a node is made all the same, since a replay may change them, but it costs
/// nothing in a run. Throws ShapeError if `like` does not broadcast to x.
Value sum_to_like(const Operand& x, const Operand& like);
/// Repeats `x`, of any dtype, to the shape of `like` by NumPy's broadcasting rule; if x already has
/// that shape, this costs nothing in a run. Throws ShapeError if x does not broadcast to the shape
/// of `like`.
Value broadcast_like(const Operand& x, const Operand& like);
/// The elements of `x`, of any dtype, in the shape of `like`; the memory is shared. Throws
/// ShapeError if the numbers of elements differ.
Value reshape_like(const Operand& x, const Operand& like);
/// Repeats `x`, of any dtype, along a new first axis as long as the first axis of `like`. Throws
/// ShapeError if `like` is a scalar, or if the result would have too many axes.
Value batch_like(const Operand& x, const Operand& like);
/// Zeros of the type of `like`.
Value zeros_like(const Operand& like);
/// Ones of the type of `like`.
Value ones_like(const Operand& like);
/// A tensor of the type of `like` filled with `value`. Throws TypeError for a fraction in an int
/// dtype.
Value full_like(const Operand& like, double value);

}  // namespace dagrad
