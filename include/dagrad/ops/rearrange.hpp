#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/axes.hpp"

/// Ops that reverse, shift and repeat elements along axes, like the NumPy functions of the same
/// names. None of them stores a shape, so a graph can be replayed with other shapes.
namespace dagrad {

struct Roll {
  std::vector<std::int64_t> shifts, axes;
  using attributes = dagrad::attributes<&Roll::shifts, &Roll::axes>;
  static constexpr auto name = "roll";
  static constexpr auto doc =
      "The elements shifted along axes; elements shifted past one end reappear at the other.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::shifted;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct Repeat {
  std::int64_t count = 1;
  std::int64_t axis = 0;
  using attributes = dagrad::attributes<&Repeat::count, &Repeat::axis>;
  static constexpr auto name = "repeat";
  static constexpr auto doc =
      "Each slice across an axis, repeated a given number of times in a row.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::shifted;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The elements in reverse order along all axes, or along those given: a slice of step -1. Throws
/// ShapeError for axes outside of the rank or given twice.
Value flip(const Operand& x);
Value flip(const Operand& x, const Axes& axes);
/// out[i + shift] = x[i] along an axis, or along each of several, wrapping around its end; a
/// negative shift moves backwards. Shifts of an axis that is given twice add up. Throws ShapeError
/// for an axis outside of the rank, and ArgumentError if the numbers of shifts and axes differ.
Value roll(const Operand& x, std::int64_t shift, const Axes& axes);
Value roll(const Operand& x, const std::vector<std::int64_t>& shifts, const Axes& axes);
/// The same for all elements in row-major order, as if they formed a single axis.
Value roll(const Operand& x, std::int64_t shift);
/// Repeats all of `x` the given number of times along each of the last axes; if there are more
/// numbers than axes, axes are added in front. Throws ArgumentError for a negative number, and
/// ShapeError if the rank becomes too large: a repeated axis temporarily needs one more.
Value tile(const Operand& x, const std::vector<std::int64_t>& repeats);
/// Repeats each slice across an axis `count` times in a row. Throws ShapeError for an axis outside
/// of the rank, and ArgumentError for a negative count.
Value repeat(const Operand& x, std::int64_t count, std::int64_t axis);
/// The same for all elements in row-major order, as if they formed a single axis.
Value repeat(const Operand& x, std::int64_t count);

}  // namespace dagrad
