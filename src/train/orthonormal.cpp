#include "src/train/orthonormal.hpp"

#include <array>
#include <cmath>
#include <span>

namespace dagrad::detail {

namespace {

/// In four sums, which the processor can add at the same time.
double dot_of_rows(std::span<const double> a, std::span<const double> b) {
  std::array<double, 4> sums{};
  std::size_t i = 0;
  for (; i + 4 <= a.size(); i += 4) {
    sums[0] += a[i] * b[i];
    sums[1] += a[i + 1] * b[i + 1];
    sums[2] += a[i + 2] * b[i + 2];
    sums[3] += a[i + 3] * b[i + 3];
  }
  for (; i < a.size(); ++i) sums[0] += a[i] * b[i];
  return sums[0] + sums[1] + (sums[2] + sums[3]);
}

void make_rows_orthonormal(std::span<double> matrix, std::size_t rows) {
  const std::size_t columns = matrix.size() / rows;
  const auto row_at = [&](std::size_t i) { return matrix.subspan(i * columns, columns); };
  for (std::size_t i = 0; i < rows; ++i) {
    const std::span<double> row = row_at(i);
    // A row that loses most of its length is left with rounding errors of that length; a second
    // pass removes them (Kahan, in Parlett 1980).
    for (bool again = true; again;) {
      const double before = dot_of_rows(row, row);
      for (std::size_t j = 0; j < i; ++j) {
        const std::span<const double> other = row_at(j);
        const double along = dot_of_rows(row, other);
        for (std::size_t k = 0; k < columns; ++k) row[k] -= along * other[k];
      }
      again = dot_of_rows(row, row) < before / 4;
    }
    const double length = std::sqrt(dot_of_rows(row, row));
    for (double& element : row) element /= length;
  }
}

std::vector<double> transposed_copy(const std::vector<double>& matrix, std::size_t rows) {
  const std::size_t columns = matrix.size() / rows;
  std::vector<double> other(matrix.size());
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) other[j * rows + i] = matrix[i * columns + j];
  return other;
}

}  // namespace

void make_orthonormal(std::vector<double>& matrix, std::size_t rows) {
  const std::size_t columns = matrix.size() / rows;
  if (rows <= columns) return make_rows_orthonormal(matrix, rows);
  std::vector<double> turned = transposed_copy(matrix, rows);
  make_rows_orthonormal(turned, columns);
  matrix = transposed_copy(turned, columns);
}

}  // namespace dagrad::detail
