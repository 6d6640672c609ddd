#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dagrad/derivatives.hpp"
#include "dagrad/pattern.hpp"

namespace dagrad {

// ---- patterns

/// Where the Jacobian of the ys with respect to the xs may differ from zero. Its rows are the
/// elements of all ys, one after the other in row-major order, and its columns those of all xs. No
/// entry is missing; how many there are too many depends on the ops on the way, which tell how
/// their results depend on their operands in their member `pattern`. Appends nothing.
///
/// Throws GradientError if a y or an x is not a float, or if a y or an x is not connected to any of
/// the others (unless `unconnected` is `zeros`); GraphError if the values belong to several graphs;
/// ArgumentError if there is no y or no x, if there are 2^31 rows or columns or more, or if a value
/// on the way depends on the xs in more than 2^30 ways.
SparsityPattern jacobian_pattern(ValueSpan ys, ValueSpan xs,
                                 Unconnected unconnected = Unconnected::error,
                                 Location where = Location::here());

/// The same for the Hessian of a scalar y, found in a copy of the graph to which the gradient is
/// appended. It is symmetric.
SparsityPattern hessian_pattern(const Value& y, ValueSpan xs,
                                Unconnected unconnected = Unconnected::error,
                                Location where = Location::here());

// ---- matrices

/// How a Jacobian is computed.
enum class JacobianBy : std::uint8_t {
  automatic,   ///< compressed if that needs at most half as many products, else rows or columns
  rows,        ///< one vector-Jacobian product for each element of the ys
  columns,     ///< one Jacobian-vector product for each element of the xs
  compressed,  ///< sums of rows and columns that have no entries in common, as the pattern allows
};

/// Which entries of a symmetric sparse matrix are listed.
enum class Triangle : std::uint8_t { both, lower, upper };

struct JacobianOptions {
  JacobianBy by = JacobianBy::automatic;
  Unconnected unconnected = Unconnected::error;
  /// The most bytes that the matrix may have, together with the products that it is taken from; 0:
  /// as many as the machine has memory.
  std::size_t memory = 0;
};

struct HessianOptions {
  /// A Hessian has no rows other than its columns: `rows` is the same as `columns`.
  JacobianBy by = JacobianBy::automatic;
  Unconnected unconnected = Unconnected::error;
  std::size_t memory = 0;              ///< as in JacobianOptions
  Triangle triangle = Triangle::both;  ///< of a sparse Hessian
};

/// The Jacobian of a y of shape A with respect to an x of shape B: a value of shape A + B, whose
/// element [a…, b…] is ∂y[a…]/∂x[b…]. The products of all rows or columns are computed at once, as
/// a batch, so the number of nodes does not depend on their number.
///
/// Throws as `jvp` and `gradient` do; ArgumentError if the matrix is too large for memory, before
/// anything is appended; ShapeError if A + B has more than 8 axes.
Value jacobian(const Value& y, const Value& x, const JacobianOptions& options = {},
               Location where = Location::here());
/// The Jacobian of each y (first index) with respect to each x (second index).
std::vector<std::vector<Value>> jacobian(ValueSpan ys, ValueSpan xs,
                                         const JacobianOptions& options = {},
                                         Location where = Location::here());

/// The Hessian of a scalar y with respect to an x of shape A: a value of shape A + A. Throws as
/// `jacobian` does.
Value hessian(const Value& y, const Value& x, const HessianOptions& options = {},
              Location where = Location::here());
/// The blocks ∂²y/∂x∂x' for each x (first index) and each x' (second index).
std::vector<std::vector<Value>> hessian(const Value& y, ValueSpan xs,
                                        const HessianOptions& options = {},
                                        Location where = Location::here());

/// A sparse matrix. Its pattern is fixed when the graph is built, and a run computes its values:
/// element `rows[k]`, `columns[k]` is `values[k]`. Entries are sorted by row, then by column; with
/// `row_starts`, they are in compressed row storage.
struct Sparse {
  SparsityPattern pattern;
  std::vector<SparsityPattern::Index> rows, columns;
  /// Where each row begins, and the number of entries at the end.
  std::vector<SparsityPattern::Index> row_starts;
  Value values;
  int products = 0;  ///< how many vector-Jacobian and Jacobian-vector products a run computes
};

/// The Jacobian as a sparse matrix, with the rows and columns of `jacobian_pattern`. Throws as
/// `jacobian` and `jacobian_pattern` do.
Sparse sparse_jacobian(ValueSpan ys, ValueSpan xs, const JacobianOptions& options = {},
                       Location where = Location::here());
/// The Hessian as a sparse matrix, with the rows and columns of `hessian_pattern`, or those of one
/// triangle. Throws as `hessian` does.
Sparse sparse_hessian(const Value& y, ValueSpan xs, const HessianOptions& options = {},
                      Location where = Location::here());

}  // namespace dagrad
