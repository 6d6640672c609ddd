#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"

/// Ops that factorise matrices, which are the last two axes; those before are batches. Of float32
/// and float64. A matrix that they do not take is a RunError that names it.
namespace dagrad {

struct Cholesky {
  static constexpr auto name = "cholesky";
  static constexpr auto doc =
      "L, lower triangular, of a = L transpose(L). Reads the lower triangle of a alone, and has no "
      "gradient elsewhere.";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
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
      "x of a x = b, where a is a triangle: what else there is of it is not read, and has no "
      "gradient.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Solve {
  bool transposed = false;
  using attributes = dagrad::attributes<&Solve::transposed>;
  static constexpr auto name = "solve";
  static constexpr auto doc = "x of a x = b, by LU with partial pivoting.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Inverse {
  bool nan_where_singular = false;  ///< instead of an error
  using attributes = dagrad::attributes<&Inverse::nan_where_singular>;
  static constexpr auto name = "inverse";
  static constexpr auto doc = "The inverse of each matrix.";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Slogdet {
  static constexpr auto name = "slogdet";
  static constexpr auto doc =
      "Sign of the determinant and logarithm of its absolute value; 0 and -inf where it is 0.";
  static constexpr std::size_t operands = 1, outputs = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Det {
  static constexpr auto name = "det";
  static constexpr auto doc =
      "The determinant of each matrix, by LU with partial pivoting; 1 of none by none. Its "
      "derivatives of any order are right where the matrix is singular too.";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct DetSlope {
  static constexpr auto name = "det_slope";
  static constexpr auto doc =
      "The slope of det by each element of a, differentiated once more along each further operand: "
      "without any, the cofactors of a. By LU with complete pivoting in float64 and products that "
      "leave pivots out, never by a quotient of the determinant.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// The Cholesky factor L of symmetric positive definite [..., n, n], 0 above its diagonal. Only the
/// lower triangle is read, so the gradient is lower triangular: an element below the diagonal gets
/// what both of its places would. Throws ShapeError for what is not square; the run, a RunError for
/// a matrix that is not positive definite, NaN included.
Value cholesky(const Operand& a);

struct TriangularOptions {
  bool lower = true;
  bool transposed = false;     ///< solve with the transpose of the triangle that a holds
  bool unit_diagonal = false;  ///< the diagonal is ones, and not read
};
/// x of a·x = b for triangles [..., n, n] and b [..., n, k], or a vector [n]; batches broadcast.
/// Division by a zero on the diagonal gives infinities or NaN. Throws ShapeError for a that is not
/// square, rows that differ and batches that do not broadcast.
Value triangular_solve(const Operand& a, const Operand& b, const TriangularOptions& options = {});
/// x of a·x = b for square [..., n, n] and b [..., n, k], or a vector [n]; batches broadcast.
/// Throws as triangular_solve; the run, a RunError for a singular matrix.
Value solve(const Operand& a, const Operand& b);
/// The inverse of [..., n, n]. Throws ShapeError for what is not square; the run, a RunError for a
/// singular matrix.
Value inverse(const Operand& a);

struct SignAndLog {
  Value sign, log_abs;
};
/// Sign (1, -1, 0) and log |det| of [..., n, n], each [...]; of a singular matrix 0 and -inf, where
/// the gradient is NaN, but 0 for a cotangent of 0. Throws ShapeError for what is not square.
SignAndLog slogdet(const Operand& a);
/// The determinant of [..., n, n], as [...]; 1 for n = 0, 0 for a singular matrix. Intermediate
/// products neither overflow nor vanish. Its slope is the matrix of cofactors, the transposed
/// adjugate, which singular matrices have too: 0 where the rank is below n - 1. The slope costs a
/// few times n³ operations, without the blocks of `solve`, and so do the second and the third
/// derivative; those of higher order m cost n^m. Throws ShapeError for what is not square.
Value det(const Operand& a);

}  // namespace dagrad
