#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dagrad/apply.hpp"

/// Triangles and diagonals of matrices, of every dtype. Diagonal `offset` lies so many columns to
/// the right of the main one, to its left where negative.
namespace dagrad {

/// tril and triu.
template <bool lower>
struct TrianglePart {
  std::int64_t offset = 0;
  using attributes = dagrad::attributes<&TrianglePart::offset>;
  static constexpr auto name = lower ? "tril" : "triu";
  static constexpr auto doc =
      lower ? "The elements on and below a diagonal of the last two axes; 0 above it."
            : "The elements on and above a diagonal of the last two axes; 0 below it.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

using Tril = TrianglePart<true>;
using Triu = TrianglePart<false>;

/// Which diagonal of which axes: what all ops on diagonals have in common.
struct DiagonalOf {
  std::int64_t offset = 0, rows = 0, columns = 1;
  using attributes =
      dagrad::attributes<&DiagonalOf::offset, &DiagonalOf::rows, &DiagonalOf::columns>;
  /// Of a tensor of this shape, the axis at the end. Throws ShapeError for axes outside of the
  /// rank or that are the same.
  Shape diagonal(const Shape& shape) const;
};

struct Diagonal : DiagonalOf {
  static constexpr auto name = "diagonal";
  static constexpr auto doc = "A diagonal of two axes, as the last axis of the result.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct UndiagonalLike : DiagonalOf {
  static constexpr auto name = "undiagonal_like";
  static constexpr auto doc = "x where a diagonal of `like` would be taken from, 0 elsewhere.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct DiagEmbed {
  std::int64_t offset = 0;
  using attributes = dagrad::attributes<&DiagEmbed::offset>;
  static constexpr auto name = "diag_embed";
  static constexpr auto doc = "Square matrices with the last axis of x on a diagonal, 0 elsewhere.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// [..., m, n] with 0 above diagonal `offset` of the last two axes. What is there is never read, so
/// that NaN does not pass. Throws ShapeError for a rank below 2.
Value tril(const Operand& x, std::int64_t offset = 0);
/// The same with 0 below it.
Value triu(const Operand& x, std::int64_t offset = 0);
/// A diagonal of the axes `rows` and `columns`, which are left out, as a new last axis; empty where
/// the offset lies outside. Throws ShapeError for a rank below 2, axes outside of it or the same.
Value diagonal(const Operand& x, std::int64_t offset = 0, std::int64_t rows = 0,
               std::int64_t columns = 1);
/// `x` on that diagonal of zeros of the shape of `like`. Throws ShapeError where the diagonal has
/// another shape than x.
Value undiagonal_like(const Operand& x, const Operand& like, std::int64_t offset = 0,
                      std::int64_t rows = 0, std::int64_t columns = 1);
/// [..., n] as [..., n + |offset|, n + |offset|]. Throws ShapeError for a scalar.
Value diag_embed(const Operand& x, std::int64_t offset = 0);
/// As numpy.diag: the matrix of a vector, the diagonal of a matrix. Throws ShapeError for other
/// ranks.
Value diag(const Operand& x, std::int64_t offset = 0);
/// Sum of a diagonal. Throws as diagonal.
Value trace(const Operand& x, std::int64_t offset = 0, std::int64_t rows = 0,
            std::int64_t columns = 1);

}  // namespace dagrad
