#include <vector>

#include "dagrad/ops/factorizations.hpp"
#include "ops/patterns.hpp"

/// On which elements of their operands the results of ops on matrices depend. Batches do not depend
/// on each other.
namespace dagrad {

namespace {

Shape batch_dims(const Shape& shape, int behind) {
  return Shape(shape.dims().first(static_cast<std::size_t>(shape.rank() - behind)));
}

/// Between batches of square matrices and results of which `per_matrix` belong to each:
/// `visit(i, add)` calls `add(row, column)` for the elements that element i of a result depends on.
template <class Visit>
Dependence of_matrices(const PatternContext& at, std::int64_t per_matrix, Visit visit) {
  const std::int64_t n = at.operand_shape()[-1];
  const double entries = static_cast<double>(at.result_shape().elements()) *
                         static_cast<double>(n) * static_cast<double>(n);
  return pattern_by_elements(at, entries, [&](std::int64_t i, auto& columns) {
    const std::int64_t first = i / per_matrix * n * n;
    visit(i % per_matrix, [&](std::int64_t row, std::int64_t column) {
      columns.push_back(static_cast<SparsityPattern::Index>(first + row * n + column));
    });
  });
}

/// The whole matrix, or what `keeps(row, column)` is true of.
template <class Add, class Keeps>
void add_matrix(std::int64_t n, Add add, Keeps keeps) {
  for (std::int64_t row = 0; row < n; ++row)
    for (std::int64_t column = 0; column < n; ++column)
      if (keeps(row, column)) add(row, column);
}

Dependence of_whole_matrices(const PatternContext& at, std::int64_t per_matrix) {
  const std::int64_t n = at.operand_shape()[-1];
  return of_matrices(at, per_matrix, [&](std::int64_t, auto add) {
    add_matrix(n, add, [](auto...) { return true; });
  });
}

}  // namespace

/// Row by row and column by column, each element is computed from the rows and columns before.
Dependence Cholesky::pattern(const PatternContext& at) const {
  const std::int64_t n = at.operand_shape()[-1];
  return of_matrices(at, n * n, [&](std::int64_t element, auto add) {
    const std::int64_t i = element / n, j = element % n;
    if (j > i) return;
    add_matrix(n, add, [&](std::int64_t row, std::int64_t column) {
      return column <= row && column <= j && (row <= j || row == i);
    });
  });
}

Dependence Inverse::pattern(const PatternContext& at) const {
  const std::int64_t n = at.operand_shape()[-1];
  return of_whole_matrices(at, n * n);
}
Dependence Slogdet::pattern(const PatternContext& at) const {
  return at.result == 0 ? Dependence::none() : of_whole_matrices(at, 1);
}
Dependence Det::pattern(const PatternContext& at) const { return of_whole_matrices(at, 1); }

Dependence DetSlope::pattern(const PatternContext& at) const {
  const std::int64_t n = at.operand_shape()[-1];
  return of_whole_matrices(at, n * n);
}

namespace {

/// The solutions x of a x = b: element i of a column of x depends on the elements k of the same
/// column of b, and on the elements (k, l) of a, for which `reads(i, k)` and `reads_matrix(i, k,
/// l)` are true.
template <class Reads, class ReadsMatrix>
Dependence of_solutions(const PatternContext& at, Reads reads, ReadsMatrix reads_matrix) {
  const Shape &a = at.in[0].shape, &b = at.in[1].shape, &x = at.result_shape();
  const int axes = b.rank() == 1 ? 1 : 2;  // of a right side
  const std::int64_t n = a[-1], columns = axes == 1 ? 1 : b[-1];
  const Shape left = batch_dims(a, 2), right = batch_dims(b, axes);
  const StridedAxes<2> matrices = broadcast_axes({left, right}, broadcast(left, right));
  const double entries = static_cast<double>(x.elements()) * static_cast<double>(n) *
                         (at.operand == 0 ? static_cast<double>(n) : 1);
  return pattern_by_elements(at, entries, [&](std::int64_t element, auto& found) {
    const std::int64_t batch = element / (n * columns), i = element / columns % n;
    const std::int64_t first =
        matrices.offset(batch, at.operand) * n * (at.operand == 0 ? n : columns);
    if (at.operand == 0)
      add_matrix(
          n,
          [&](auto k, auto l) {
            found.push_back(static_cast<SparsityPattern::Index>(first + k * n + l));
          },
          [&](auto k, auto l) { return reads_matrix(i, k, l); });
    else
      for (std::int64_t k = 0; k < n; ++k)
        if (reads(i, k))
          found.push_back(
              static_cast<SparsityPattern::Index>(first + k * columns + element % columns));
  });
}

}  // namespace

Dependence Solve::pattern(const PatternContext& at) const {
  return of_solutions(
      at, [](auto...) { return true; }, [](auto...) { return true; });
}

/// Substitution goes from the corner with a single element to the opposite one.
Dependence TriangularSolve::pattern(const PatternContext& at) const {
  const bool forward = lower != transposed;
  const auto before = [forward](std::int64_t k, std::int64_t i) {
    return forward ? k <= i : k >= i;
  };
  return of_solutions(
      at, [&](std::int64_t i, std::int64_t k) { return before(k, i); },
      [&](std::int64_t i, std::int64_t k, std::int64_t l) {
        const std::int64_t row = transposed ? l : k, column = transposed ? k : l;
        return before(column, row) && before(row, i) && !(unit_diagonal && row == column);
      });
}

}  // namespace dagrad
