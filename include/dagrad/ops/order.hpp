#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"

/// Ops that put the elements along an axis in order, and say where they were. All take every dtype.
/// The order is total: NaN counts as larger than any number, so it comes last, or first where
/// descending; -0 and 0 are equal. It is stable, descending too: equal elements keep the order that
/// they had. Values have the bits of the elements, and their gradients go back to those; positions
/// have none.
namespace dagrad {

struct Sort {
  std::int64_t axis = -1;
  bool descending = false;
  using attributes = dagrad::attributes<&Sort::axis, &Sort::descending>;
  static constexpr auto name = "sort";
  static constexpr auto doc =
      "The elements along an axis in order, then the positions that they had; equal ones keep "
      "their order. NaN counts as the largest.";
  static constexpr DTypes dtypes = compute_dtypes;
  static constexpr std::size_t operands = 1, outputs = 2;
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

struct TopK {
  std::int64_t k = 0;
  std::int64_t axis = -1;
  bool largest = true;
  using attributes = dagrad::attributes<&TopK::k, &TopK::axis, &TopK::largest>;
  static constexpr auto name = "topk";
  static constexpr auto doc =
      "The k largest elements along an axis from the largest on, or the smallest from the smallest "
      "on, then their positions; the first of equal ones. NaN counts as the largest.";
  static constexpr DTypes dtypes = compute_dtypes;
  static constexpr std::size_t operands = 1, outputs = 2;
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// Throw ShapeError for an axis outside of the rank.

struct SortOptions {
  bool descending = false;
};
/// The elements along an axis in ascending order, or descending: the first result of the op.
Value sort(const Operand& x, std::int64_t axis = -1, const SortOptions& options = {});
/// The second result of `sort`, int64: the positions along the axis that the elements had.
/// `take_along_axis` by them gives the elements in order without sorting again.
Value argsort(const Operand& x, std::int64_t axis = -1, const SortOptions& options = {});

struct TopKOptions {
  bool largest = true;
};
struct ValuesAndIndices {
  Value values, indices;
};
/// The first k of `sort`, descending, or ascending where not `largest`; and their positions, int64.
/// Throws ArgumentError unless k lies in [0, n] of an axis of n.
ValuesAndIndices topk(const Operand& x, std::int64_t k, std::int64_t axis = -1,
                      const TopKOptions& options = {});

}  // namespace dagrad
