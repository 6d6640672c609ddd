#pragma once

#include <cstddef>

#include "src/train/numbers.hpp"

namespace dagrad::detail {

/// A linear least-squares problem, min ‖Jp + r‖², reduced to as many rows as it has columns.
class LinearizedSquares {
 public:
  /// `jacobian` has `columns` columns and is stored by columns.
  LinearizedSquares(Numbers jacobian, Numbers residuals, std::size_t columns);

  std::size_t columns() const { return columns_; }
  /// The step p that minimises ‖Jp + r‖² + damping · ‖Dp‖², for the diagonal D of `scales`.
  Numbers step(double damping, const Numbers& scales) const;
  /// ‖Jp‖²
  double change(const Numbers& step) const;
  /// The diagonal of (JᵀJ)⁻¹; infinite if J has a lower rank.
  Numbers inverse_diagonal() const;

 private:
  double at(std::size_t row, std::size_t column) const { return r_[column * rows_ + row]; }

  std::size_t columns_, rows_;
  Numbers r_;    ///< upper triangular or trapezoidal, by columns
  Numbers rhs_;  ///< Qᵀr
};

}  // namespace dagrad::detail
