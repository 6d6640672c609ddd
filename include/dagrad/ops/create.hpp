#pragma once

#include "dagrad/apply.hpp"

/// Values made of nothing: they name the graph that they go to.
namespace dagrad {

struct Full {
  Shape shape;
  Tensor value;
  using attributes = dagrad::attributes<&Full::shape, &Full::value>;
  static constexpr auto name = "full", doc = "Every element the same value, of the value's dtype.";
  static constexpr no_grad grad{"it has no operands"};
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  static Samples samples(Rng& rng);
};

struct Iota {
  std::int64_t size = 0;
  DType dtype = i64;
  using attributes = dagrad::attributes<&Iota::size, &Iota::dtype>;
  static constexpr auto name = "iota", doc = "0, 1, 2, … in one dimension.";
  static constexpr no_grad grad{"it has no operands"};
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  static Samples samples(Rng& rng);
};

/// Every element `value`, converted as a plain number in an expression is: TypeError for a fraction
/// and an int dtype, ArgumentError for a number outside the dtype.
Value full(const Graph& graph, const Type& type, Literal value, Location where = Location::here());
/// Every element 0.
Value zeros(const Graph& graph, const Type& type, Location where = Location::here());
/// Every element 1.
Value ones(const Graph& graph, const Type& type, Location where = Location::here());
/// 0 … size−1. Throws ShapeError for a negative size, TypeError for bool, ArgumentError where the
/// dtype does not hold them all exactly.
Value iota(const Graph& graph, std::int64_t size, DType dtype = i64,
           Location where = Location::here());

}  // namespace dagrad
