#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"

/// Ops that sort the elements along an axis and tell where they came from. All take every dtype.
/// The order is total: NaN counts as larger than any number, so it comes last in ascending and
/// first in descending order; -0 and 0 are equal. Both orders are stable: equal elements stay in
/// their original order. Values keep the bits of the elements, and their gradients go back to
/// these; positions have no gradient.
namespace dagrad {

struct Sort {
  std::int64_t axis = -1;
  bool descending = false;
  using attributes = dagrad::attributes<&Sort::axis, &Sort::descending>;
  static constexpr auto name = "sort";
  static constexpr auto doc =
      "The sorted elements along an axis, then their original positions; equal elements stay in "
      "their original order. NaN counts as the largest.";
  static constexpr DTypes dtypes = compute_dtypes;
  static constexpr std::size_t operands = 1, outputs = 2;
  static constexpr Batching batching = Batching::shifted;
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct TopK {
  std::int64_t k = 0;
  std::int64_t axis = -1;
  bool largest = true;
  using attributes = dagrad::attributes<&TopK::k, &TopK::axis, &TopK::largest>;
  static constexpr auto name = "topk";
  static constexpr auto doc =
      "The k largest elements along an axis in descending order, or the smallest in ascending "
      "order, then their positions; of equal elements the first ones are taken. NaN counts as the "
      "largest.";
  static constexpr DTypes dtypes = compute_dtypes;
  static constexpr std::size_t operands = 1, outputs = 2;
  static constexpr Batching batching = Batching::shifted;
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// All builders throw ShapeError for an axis outside of the rank.

struct SortOptions {
  bool descending = false;
};
/// The elements along an axis in ascending order, or descending on request: the first result of the
/// op.
Value sort(const Operand& x, std::int64_t axis = -1, const SortOptions& options = {});
/// The original positions, int64, of the sorted elements along the axis: the second result of the
/// op `sort`. `take_along_axis` with these positions sorts the elements without comparing them
/// again.
Value argsort(const Operand& x, std::int64_t axis = -1, const SortOptions& options = {});

struct TopKOptions {
  bool largest = true;
};
struct ValuesAndIndices {
  Value values, indices;
};
/// The first k elements of a descending sort, or of an ascending one if not `largest`, and their
/// positions, int64. Throws ArgumentError unless 0 <= k <= n, the size of the axis.
ValuesAndIndices topk(const Operand& x, std::int64_t k, std::int64_t axis = -1,
                      const TopKOptions& options = {});

}  // namespace dagrad
