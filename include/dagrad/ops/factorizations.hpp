#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"

/// Ops that factorise matrices, in float32 and float64. The last two axes are those of the
/// matrices; the axes before them are batches. A matrix that cannot be factorised is a RunError
/// that names it.
namespace dagrad {

struct Cholesky {
  static constexpr auto name = "cholesky";
  static constexpr auto doc =
      "The lower triangular L with a = L transpose(L). Only the lower triangle of a is read and "
      "gets a gradient.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct TriangularSolve {
  bool lower = true;
  bool transposed = false;
  bool unit_diagonal = false;
  using attributes = dagrad::attributes<&TriangularSolve::lower, &TriangularSolve::transposed,
                                        &TriangularSolve::unit_diagonal>;
  static constexpr auto name = "triangular_solve";
  static constexpr auto doc =
      "x such that a x = b, where a is triangular: its other triangle is not read and gets no "
      "gradient.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct Solve {
  bool transposed = false;
  using attributes = dagrad::attributes<&Solve::transposed>;
  static constexpr auto name = "solve";
  static constexpr auto doc = "x such that a x = b, by LU factorisation with partial pivoting.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct Inverse {
  bool nan_where_singular = false;  ///< NaN instead of an error
  using attributes = dagrad::attributes<&Inverse::nan_where_singular>;
  static constexpr auto name = "inverse";
  static constexpr auto doc = "The inverse of each matrix.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct Slogdet {
  static constexpr auto name = "slogdet";
  static constexpr auto doc =
      "The sign of the determinant and the logarithm of its absolute value; 0 and -inf where the "
      "determinant is 0.";
  static constexpr std::size_t operands = 1, outputs = 2;
  static constexpr Batching batching = Batching::leading;
  static constexpr DTypes dtypes = compute_float_dtypes;
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct Det {
  static constexpr auto name = "det";
  static constexpr auto doc =
      "The determinant of each matrix, by LU factorisation with partial pivoting; that of a 0-by-0 "
      "matrix is 1. Derivatives of any order are correct for singular matrices as well.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct DetSlope {
  static constexpr auto name = "det_slope";
  static constexpr auto doc =
      "The derivative of det by each element of a, differentiated once more in the direction of "
      "each further operand; with a as the only operand, its cofactors. Computed by LU "
      "factorisation with complete pivoting in float64, from products that leave pivots out; the "
      "determinant is never divided by anything.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr Batching batching = Batching::leading;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The Cholesky factor L, with zeros above its diagonal, of symmetric positive definite matrices
/// [..., n, n]. Only the lower triangle is read, so the gradient is lower triangular too: an
/// element below the diagonal gets the gradients of both of its places. Throws ShapeError if the
/// matrices are not square. A run throws RunError for a matrix that is not positive definite, NaN
/// included.
Value cholesky(const Operand& a);

struct TriangularOptions {
  bool lower = true;
  bool transposed = false;     ///< solve with the transpose of the triangle
  bool unit_diagonal = false;  ///< take the diagonal as ones, without reading it
};
/// Solves a·x = b for triangular matrices a [..., n, n] and b [..., n, k], or a vector b [n];
/// batches broadcast. A zero on the diagonal gives infinities or NaN. Throws ShapeError if a is not
/// square, if the numbers of rows differ, and if batches do not broadcast.
Value triangular_solve(const Operand& a, const Operand& b, const TriangularOptions& options = {});
/// Solves a·x = b for square matrices a [..., n, n] and b [..., n, k], or a vector b [n]; batches
/// broadcast. Throws as `triangular_solve` does. A run throws RunError for a singular matrix.
Value solve(const Operand& a, const Operand& b);
/// The inverse of each matrix of [..., n, n]. Throws ShapeError if the matrices are not square. A
/// run throws RunError for a singular matrix.
Value inverse(const Operand& a);

struct SignAndLog {
  Value sign, log_abs;
};
/// The sign (1, -1 or 0) of the determinant of [..., n, n] and log |det|, each of shape [...]. For
/// a singular matrix they are 0 and -inf, and the gradient is NaN, or 0 for a cotangent of 0.
/// Throws ShapeError if the matrices are not square.
SignAndLog slogdet(const Operand& a);
/// The determinants of [..., n, n], of shape [...]: 1 for n = 0, and 0 for a singular matrix.
/// Intermediate products neither overflow nor underflow. The gradient is the matrix of cofactors
/// (the transposed adjugate), which singular matrices have too; it is 0 where the rank is below n −
/// 1. The gradient takes a few times n³ operations, without the blocking of `solve`, and so do the
/// second and third derivatives; a derivative of order m > 3 takes about n^m. Throws ShapeError if
/// the matrices are not square.
Value det(const Operand& a);

}  // namespace dagrad
