#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "dagrad/apply.hpp"

/// What the gradient pass itself appends, and what rules are often made of. A `like` operand gives
/// its type only: nothing of its value is read, and a graph that is replayed with other shapes
/// follows it.
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
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct SumToLike {
  static constexpr auto name = "sum_to_like";
  static constexpr auto doc = "Sums over the axes along which `like` was broadcast to x's shape.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  static constexpr int like = 1, identity = 0;
  static constexpr DTypes dtypes = float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct BroadcastLike {
  static constexpr auto name = "broadcast_like";
  static constexpr auto doc = "Repeats x to the shape of `like` by NumPy's rule.";
  static constexpr std::array type_only{1};
  static constexpr int like = 1, identity = 0;
  static constexpr DTypes dtypes = all_dtypes;
  Type infer(std::span<const Type> in) const;
  template <class T>
  T operator()(const T& x, const T& /*like*/) const {
    return x;
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct ReshapeLike {
  static constexpr auto name = "reshape_like";
  static constexpr auto doc = "The elements of x in the shape of `like`.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  static constexpr int like = 1;
  static constexpr int alias = 0;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct FullLike {
  double value = 0;
  using attributes = dagrad::attributes<&FullLike::value>;
  static constexpr auto name = "full_like";
  static constexpr auto doc = "Every element `value`, of the type of `like`.";
  static constexpr std::array type_only{0};
  static constexpr DTypes dtypes = all_dtypes;
  template <class T>
  T operator()(const T& /*like*/) const {
    return T(value);
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// The sum of one or more values, which broadcast together; of more than 16, a tree of such sums.
/// One value is returned as it is. Throws ArgumentError for none, TypeError for bool.
Value add_n(std::span<const Value> values, Location where = Location::here());
Value add_n(std::initializer_list<Value> values, Location where = Location::here());
/// Sums `x`, of any float dtype, down to the shape of `like`, from which it was broadcast. Where
/// nothing was, the node is there all the same, since a replay may bring other shapes, and costs
/// nothing in a run. Throws ShapeError where `like` does not broadcast to x.
Value sum_to_like(const Operand& x, const Operand& like);
/// Repeats `x`, of any dtype, to the shape of `like` by NumPy's rule; where that is x's, it costs
/// nothing in a run. Throws ShapeError where `like` has other axes than x.
Value broadcast_like(const Operand& x, const Operand& like);
/// The elements of `x`, of any dtype, in the shape of `like`: the same memory. Throws ShapeError
/// where that has another number of elements.
Value reshape_like(const Operand& x, const Operand& like);
/// Zeros of the type of `like`.
Value zeros_like(const Operand& like);
/// Ones of the type of `like`.
Value ones_like(const Operand& like);
/// Every element `value`, of the type of `like`. Throws TypeError for a fraction and an int.
Value full_like(const Operand& like, double value);

}  // namespace dagrad
