#pragma once

#include "dagrad/apply.hpp"

/// Values created without operands: these builders take the graph to which the node is added.
namespace dagrad {

struct Full {
  Shape shape;
  Tensor value;
  using attributes = dagrad::attributes<&Full::shape, &Full::value>;
  static constexpr auto name = "full", doc = "A tensor filled with one value, whose dtype it has.";
  static constexpr no_grad grad{"it has no operands"};
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  static Samples samples(Rng& rng);
};

struct Iota {
  std::int64_t size = 0;
  DType dtype = i64;
  using attributes = dagrad::attributes<&Iota::size, &Iota::dtype>;
  static constexpr auto name = "iota", doc = "0, 1, 2, … along a single axis.";
  static constexpr no_grad grad{"it has no operands"};
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  static Samples samples(Rng& rng);
};

/// A tensor filled with `value`, which is converted like a plain number in an expression: a
/// fraction for an int dtype is a TypeError, and a number that the dtype does not hold is an
/// ArgumentError.
Value full(const Graph& graph, const Type& type, Literal value, Location where = Location::here());
/// A tensor of zeros.
Value zeros(const Graph& graph, const Type& type, Location where = Location::here());
/// A tensor of ones.
Value ones(const Graph& graph, const Type& type, Location where = Location::here());
/// The numbers 0 … size−1. Throws ShapeError for a negative size, TypeError for bool, and
/// ArgumentError if the dtype does not hold all of the numbers exactly.
Value iota(const Graph& graph, std::int64_t size, DType dtype = i64,
           Location where = Location::here());

}  // namespace dagrad
