#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dagrad/apply.hpp"

/// Triangles and diagonals of matrices, of every dtype. Diagonal `offset` lies that many columns to
/// the right of the main diagonal, or to its left if negative.
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
  static constexpr Batching batching = Batching::leading;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

using Tril = TrianglePart<true>;
using Triu = TrianglePart<false>;

/// Selects a diagonal of two axes: what all ops on diagonals have in common.
struct DiagonalOf {
  std::int64_t offset = 0, rows = 0, columns = 1;
  using attributes =
      dagrad::attributes<&DiagonalOf::offset, &DiagonalOf::rows, &DiagonalOf::columns>;
  /// The shape of the diagonals of a tensor of this shape, with the diagonal as the last axis.
  /// Throws ShapeError for axes outside of the rank and if both axes are the same.
  Shape diagonal(const Shape& shape) const;
  std::vector<Value> batch(const BatchContext& b) const;
};

struct Diagonal : DiagonalOf {
  static constexpr auto name = "diagonal";
  static constexpr auto doc = "A diagonal of two axes, as the last axis of the result.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct UndiagonalLike : DiagonalOf {
  static constexpr auto name = "undiagonal_like";
  static constexpr auto doc =
      "x on the diagonal of `like` that it would be taken from, 0 elsewhere.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct DiagEmbed {
  std::int64_t offset = 0;
  using attributes = dagrad::attributes<&DiagEmbed::offset>;
  static constexpr auto name = "diag_embed";
  static constexpr auto doc = "Square matrices with the last axis of x on a diagonal, 0 elsewhere.";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// Sets the elements above diagonal `offset` of the last two axes of [..., m, n] to 0. They are
/// never read, so a NaN there has no effect. Throws ShapeError for a rank below 2.
Value tril(const Operand& x, std::int64_t offset = 0);
/// Sets the elements below diagonal `offset` to 0, otherwise like `tril`.
Value triu(const Operand& x, std::int64_t offset = 0);
/// A diagonal of the axes `rows` and `columns`, which become a new last axis; empty if the offset
/// lies outside of the matrix. Throws ShapeError for a rank below 2, for axes outside of it and if
/// both axes are the same.
Value diagonal(const Operand& x, std::int64_t offset = 0, std::int64_t rows = 0,
               std::int64_t columns = 1);
/// Puts `x` on that diagonal of zeros of the shape of `like`. Throws ShapeError if the diagonal has
/// another shape than x.
Value undiagonal_like(const Operand& x, const Operand& like, std::int64_t offset = 0,
                      std::int64_t rows = 0, std::int64_t columns = 1);
/// Matrices with x on a diagonal: [..., n] gives [..., n + |offset|, n + |offset|]. Throws
/// ShapeError for a scalar.
Value diag_embed(const Operand& x, std::int64_t offset = 0);
/// Like numpy.diag: makes a diagonal matrix of a vector, and takes the diagonal of a matrix. Throws
/// ShapeError for other ranks.
Value diag(const Operand& x, std::int64_t offset = 0);
/// The sum of a diagonal. Throws as `diagonal` does.
Value trace(const Operand& x, std::int64_t offset = 0, std::int64_t rows = 0,
            std::int64_t columns = 1);

}  // namespace dagrad
