#include "src/train/damped_step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace dagrad::detail {

namespace {

/// Turns a matrix of `columns` columns, stored by columns, into its triangular factor by
/// Householder's reflections, and applies them to the right-hand side.
void triangularize(Numbers& matrix, Numbers& rhs, std::size_t columns) {
  const std::size_t rows = rhs.size();
  const auto column = [&](std::size_t j) { return matrix.data() + j * rows; };
  for (std::size_t k = 0; k < std::min(rows, columns); ++k) {
    double* const v = column(k);
    double norm = 0;
    for (std::size_t i = k; i < rows; ++i) norm = std::hypot(norm, v[i]);
    if (norm == 0) continue;
    const double diagonal = v[k] > 0 ? -norm : norm;
    v[k] -= diagonal;
    const double divisor = -diagonal * v[k];  // half of ‖v‖²
    const auto reflect = [&](double* x) {
      double dot = 0;
      for (std::size_t i = k; i < rows; ++i) dot += v[i] * x[i];
      for (std::size_t i = k; i < rows; ++i) x[i] -= dot / divisor * v[i];
    };
    for (std::size_t j = k + 1; j < columns; ++j) reflect(column(j));
    reflect(rhs.data());
    v[k] = diagonal;
    std::fill(v + k + 1, v + rows, 0.0);
  }
}

}  // namespace

LinearizedSquares::LinearizedSquares(Numbers jacobian, Numbers residuals, std::size_t columns)
    : columns_(columns), rows_(std::min(columns, residuals.size())) {
  const std::size_t all = residuals.size();
  triangularize(jacobian, residuals, columns);
  for (std::size_t j = 0; j < columns; ++j)
    r_.insert(r_.end(), jacobian.begin() + static_cast<std::ptrdiff_t>(j * all),
              jacobian.begin() + static_cast<std::ptrdiff_t>(j * all + rows_));
  residuals.resize(rows_);
  rhs_ = std::move(residuals);
}

Numbers LinearizedSquares::step(double damping, const Numbers& scales) const {
  const std::size_t rows = rows_ + columns_;
  Numbers matrix(rows * columns_), rhs(rows);
  for (std::size_t j = 0; j < columns_; ++j) {
    for (std::size_t i = 0; i < rows_; ++i) matrix[j * rows + i] = at(i, j);
    matrix[j * rows + rows_ + j] = std::sqrt(damping) * scales[j];
  }
  for (std::size_t i = 0; i < rows_; ++i) rhs[i] = -rhs_[i];
  triangularize(matrix, rhs, columns_);
  Numbers step(columns_);
  for (std::size_t j = columns_; j-- > 0;) {
    double sum = rhs[j];
    for (std::size_t k = j + 1; k < columns_; ++k) sum -= matrix[k * rows + j] * step[k];
    step[j] = sum / matrix[j * rows + j];
  }
  return step;
}

double LinearizedSquares::change(const Numbers& step) const {
  double squares = 0;
  for (std::size_t i = 0; i < rows_; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < columns_; ++j) sum += at(i, j) * step[j];
    squares += sum * sum;
  }
  return squares;
}

/// The squared norms of the rows of R⁻¹, whose columns are found one after the other.
Numbers LinearizedSquares::inverse_diagonal() const {
  Numbers diagonal(columns_);
  for (std::size_t j = 0; j < columns_; ++j)
    if (rows_ < columns_ || std::abs(at(j, j)) == 0)
      return Numbers(columns_, std::numeric_limits<double>::infinity());
  for (std::size_t k = 0; k < columns_; ++k) {
    Numbers x(k + 1);
    for (std::size_t j = k + 1; j-- > 0;) {
      double sum = j == k ? 1 : 0;
      for (std::size_t i = j + 1; i <= k; ++i) sum -= at(j, i) * x[i];
      x[j] = sum / at(j, j);
      diagonal[j] += x[j] * x[j];
    }
  }
  return diagonal;
}

}  // namespace dagrad::detail
