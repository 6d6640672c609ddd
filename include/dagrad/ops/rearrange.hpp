#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/axes.hpp"

/// Ops that turn, shift and repeat elements along axes, as NumPy's of the same names. All take
/// every dtype. Axes are counted from the end where negative. None holds on to a shape: a graph
/// that is replayed with others follows them.
namespace dagrad {

struct Roll {
  std::vector<std::int64_t> shifts, axes;
  using attributes = dagrad::attributes<&Roll::shifts, &Roll::axes>;
  static constexpr auto name = "roll";
  static constexpr auto doc =
      "The elements shifted along axes; those that leave at one end come in at the other.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Repeat {
  std::int64_t count = 1;
  std::int64_t axis = 0;
  using attributes = dagrad::attributes<&Repeat::count, &Repeat::axis>;
  static constexpr auto name = "repeat";
  static constexpr auto doc = "Each slice across an axis so many times in a row.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// The elements in reverse order along all axes, or along those given: a slice of step -1. Throws
/// ShapeError for axes outside of the rank or given twice.
Value flip(const Operand& x);
Value flip(const Operand& x, const Axes& axes);
/// out[i + shift] = x[i] along an axis, or along each of several, around its end; backwards by a
/// negative shift. Shifts of an
/// axis that is given twice add up. Throws ShapeError for an axis outside of the rank,
/// ArgumentError where there are not as many shifts as axes.
Value roll(const Operand& x, std::int64_t shift, const Axes& axes);
Value roll(const Operand& x, const std::vector<std::int64_t>& shifts, const Axes& axes);
/// The same of all elements in row-major order, as if they were one axis.
Value roll(const Operand& x, std::int64_t shift);
/// The whole of `x` so many times along each of the last axes, which are added in front where there
/// are more numbers than axes. Throws ArgumentError for a negative number, ShapeError for a rank
/// that is too large: an axis that is repeated needs one more on the way.
Value tile(const Operand& x, const std::vector<std::int64_t>& repeats);
/// Each element along an axis `count` times in a row. Throws ShapeError for an axis outside of the
/// rank, ArgumentError for a negative count.
Value repeat(const Operand& x, std::int64_t count, std::int64_t axis);
/// The same of all elements in row-major order, as one axis.
Value repeat(const Operand& x, std::int64_t count);

}  // namespace dagrad
