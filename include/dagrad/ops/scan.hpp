#pragma once

#include <cstdint>
#include <memory>

#include "dagrad/apply.hpp"

/// Ops that combine each element with those before it along an axis. A line is walked in order, so
/// the bits depend on it alone; lines run in parallel. float32 is accumulated in float64.
namespace dagrad {

/// How a scan goes along its axis.
struct ScanOptions {
  bool reverse = false;    ///< from the end
  bool exclusive = false;  ///< each element is left out of its own result: the first is of nothing
};

/// What all scans have in common.
struct Scan {
  std::int64_t axis = 0;
  bool reverse = false;
  bool exclusive = false;
  using attributes = dagrad::attributes<&Scan::axis, &Scan::reverse, &Scan::exclusive>;
  static constexpr std::size_t operands = 1;
};

struct CumSum : Scan {
  static constexpr auto name = "cumsum";
  static constexpr auto doc =
      "Sums of what lies before each element along an axis and of itself; of bools and ints in "
      "int64, which wraps.";
  static constexpr DTypes dtypes = compute_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct CumProd : Scan {
  static constexpr auto name = "cumprod";
  static constexpr auto doc =
      "Products of what lies before each element along an axis and of itself; of bools and ints in "
      "int64, which wraps. The gradient never divides: it is right where elements are 0 too.";
  static constexpr DTypes dtypes = compute_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct LogCumSumExp : Scan {
  static constexpr auto name = "logcumsumexp";
  static constexpr auto doc =
      "log(cumsum(exp(x))) along an axis, shifted by the maximum so far so that nothing overflows. "
      "-inf of nothing and of -inf alone.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::shared_ptr<const ProgramLoop> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Each takes any shape but a scalar, and keeps it. Throws ShapeError for an axis outside of the
/// rank.

/// out[i] = Σ x[j] over j ≤ i; j < i where exclusive, j ≥ i where reversed. Bools and ints are
/// summed in int64, which wraps.
Value cumsum(const Operand& x, std::int64_t axis, const ScanOptions& options = {});
/// out[i] = Π x[j], likewise. Its gradient is made of products of the others, never by division,
/// to any order; that of what lies before an infinite element is NaN.
Value cumprod(const Operand& x, std::int64_t axis, const ScanOptions& options = {});
/// out[i] = log Σ exp(x[j]), likewise, of float32 or float64, without overflow. Throws TypeError
/// for other dtypes.
Value logcumsumexp(const Operand& x, std::int64_t axis, const ScanOptions& options = {});

}  // namespace dagrad
