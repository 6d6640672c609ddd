#pragma once

#include <cstdint>
#include <memory>

#include "dagrad/apply.hpp"

/// Ops that combine each element with those before it along an axis. Each line is processed in
/// order, so its bits depend on nothing else; lines run in parallel. float32 is accumulated in
/// float64.
namespace dagrad {

/// How a scan goes along its axis.
struct ScanOptions {
  bool reverse = false;    ///< start from the end
  bool exclusive = false;  ///< leave each element out of its own result
};

/// What all scans have in common.
struct Scan {
  std::int64_t axis = 0;
  bool reverse = false;
  bool exclusive = false;
  using attributes = dagrad::attributes<&Scan::axis, &Scan::reverse, &Scan::exclusive>;
  static constexpr Batching batching = Batching::shifted;
  static constexpr std::size_t operands = 1;
  Dependence pattern(const PatternContext& at) const;
};

struct CumSum : Scan {
  static constexpr auto name = "cumsum";
  static constexpr auto doc =
      "The sum of each element and all elements before it along an axis; bools and ints are summed "
      "in int64, which wraps around.";
  static constexpr DTypes dtypes = compute_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct CumProd : Scan {
  static constexpr auto name = "cumprod";
  static constexpr auto doc =
      "The product of each element and all elements before it along an axis; bools and ints are "
      "multiplied in int64, which wraps around. The gradient never divides, so it is correct even "
      "if some elements are 0.";
  static constexpr DTypes dtypes = compute_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct LogCumSumExp : Scan {
  static constexpr auto name = "logcumsumexp";
  static constexpr auto doc =
      "log(cumsum(exp(x))) along an axis, shifted by the running maximum so that nothing "
      "overflows; -inf for no elements and for elements that are all -inf.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::shared_ptr<const ProgramLoop> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// The builders take any shape but a scalar's, and keep it. They throw ShapeError for an axis
/// outside of the rank.

/// out[i] = Σ x[j] over j ≤ i; if exclusive, over j < i; if reversed, over j ≥ i. Bools and ints
/// are summed in int64, which wraps around.
Value cumsum(const Operand& x, std::int64_t axis, const ScanOptions& options = {});
/// out[i] = Π x[j], over the same j as for `cumsum`. Bools and ints are multiplied in int64, which
/// wraps around. Its gradients of any order consist of products of the other elements and never
/// divide; the gradient of elements before an infinite one is NaN.
Value cumprod(const Operand& x, std::int64_t axis, const ScanOptions& options = {});
/// out[i] = log Σ exp(x[j]), over the same j as for `cumsum`, of float32 or float64, without
/// overflow. Throws TypeError for other dtypes.
Value logcumsumexp(const Operand& x, std::int64_t axis, const ScanOptions& options = {});

}  // namespace dagrad
