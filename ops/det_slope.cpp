#include "ops/det_slope.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "dagrad/kernels/factorizations.hpp"
#include "dagrad/kernels/gemm.hpp"

namespace dagrad {

namespace {

/// The determinant of those rows and columns of a small [m,m] whose bits are set.
double minor_of(const double* a, std::size_t m, std::uint32_t rows, std::uint32_t columns) {
  if (rows == 0) return 1;
  const double* const row = a + static_cast<std::size_t>(std::countr_zero(rows)) * m;
  double sum = 0, sign = 1;
  for (std::uint32_t left = columns; left != 0; left &= left - 1, sign = -sign) {
    const auto column = static_cast<std::size_t>(std::countr_zero(left));
    sum += sign * row[column] * minor_of(a, m, rows & (rows - 1), columns & ~(1U << column));
  }
  return sum;
}

/// A factorised matrix, A = Pᵀ L D U Qᵀ, by complete pivoting: L and U have unit diagonals, and the
/// zeros of D, which a singular matrix has, come last.
///
/// det(A + B) = ± det(D + L⁻¹ P B Q U⁻¹), so derivatives at A are derivatives at the diagonal D,
/// between W = Pᵀ L⁻ᵀ and V = U⁻ᵀ Qᵀ. There they are products that leave pivots out rather than
/// quotients, and so are correct for any rank.
class Factors {
 public:
  /// Works in a; `memory` has 3 n² + n elements.
  Factors(const Machine& machine, const Parallel& parallel, std::int64_t n, double* a,
          double* memory)
      : machine_(machine),
        parallel_(parallel),
        n_(n),
        a_(a),
        w_(memory),
        v_(w_ + n * n),
        spare_(v_ + n * n),
        pivots_(spare_ + n * n) {
    factorise();
  }

  std::span<const double> pivots() const { return {pivots_, static_cast<std::size_t>(n_)}; }
  /// Replaces b by Wᵀ b Vᵀ.
  void bring_in(double* b) { multiply({w_, n_, true}, b, {v_, n_, true}); }
  /// Replaces b by ± W b V.
  void bring_out(double* b) {
    multiply({w_, n_}, b, {v_, n_});
    if (negative_) std::transform(b, b + n_ * n_, b, std::negate<>());
  }

 private:
  void factorise();
  void swap_in(std::int64_t step, std::int64_t pivot);
  void multiply(kernels::Matrix<const double> left, double* b,
                kernels::Matrix<const double> right) {
    kernels::gemm<double>(machine_, parallel_, n_, n_, n_, left, {b, n_}, {spare_, n_});
    kernels::gemm<double>(machine_, parallel_, n_, n_, n_, {spare_, n_}, right, {b, n_});
  }
  /// Writes the inverse of the transposed triangle to `spare_`.
  void invert(bool lower) {
    std::fill_n(spare_, n_ * n_, 0);
    for (std::int64_t i = 0; i < n_; ++i) spare_[i * (n_ + 1)] = 1;
    kernels::triangular_solve(machine_, parallel_, n_, n_, {lower, true, true}, a_, n_, spare_, n_);
  }

  const Machine& machine_;
  const Parallel& parallel_;
  std::int64_t n_;
  double *a_, *w_, *v_, *spare_, *pivots_;
  std::vector<std::int64_t> rows_, columns_;  ///< where the rows and columns of P A Q come from
  bool negative_ = false;
};

void Factors::swap_in(std::int64_t step, std::int64_t pivot) {
  const std::int64_t row = pivot / n_, column = pivot % n_;
  if (row != step) {
    std::swap_ranges(a_ + row * n_, a_ + (row + 1) * n_, a_ + step * n_);
    std::swap(rows_[static_cast<std::size_t>(row)], rows_[static_cast<std::size_t>(step)]);
  }
  if (column != step) {
    for (std::int64_t i = 0; i < n_; ++i) std::swap(a_[i * n_ + column], a_[i * n_ + step]);
    std::swap(columns_[static_cast<std::size_t>(column)], columns_[static_cast<std::size_t>(step)]);
  }
  negative_ ^= (row != step) != (column != step);
}

void Factors::factorise() {
  rows_.resize(static_cast<std::size_t>(n_));
  std::iota(rows_.begin(), rows_.end(), 0);
  columns_ = rows_;
  negative_ = false;
  std::fill_n(pivots_, n_, 0);
  for (std::int64_t step = 0; step < n_; ++step) {
    std::int64_t pivot = 0;
    double largest = 0;
    for (std::int64_t i = step; i < n_; ++i) {
      for (std::int64_t at = i * n_ + step; at < (i + 1) * n_; ++at) {
        if (std::abs(a_[at]) <= largest) continue;
        largest = std::abs(a_[at]);
        pivot = at;
      }
    }
    if (largest == 0) break;  // the rest of A is 0; that of L and U is the identity
    swap_in(step, pivot);
    double* const from = a_ + step * n_;
    pivots_[step] = from[step];
    for (std::int64_t j = step + 1; j < n_; ++j) from[j] /= pivots_[step];
    for (std::int64_t i = step + 1; i < n_; ++i) {
      double* const row = a_ + i * n_;
      for (std::int64_t j = step + 1; j < n_; ++j) row[j] -= row[step] * from[j];
      row[step] /= pivots_[step];
    }
  }
  invert(true);
  for (std::int64_t i = 0; i < n_; ++i)
    std::copy_n(spare_ + i * n_, n_, w_ + rows_[static_cast<std::size_t>(i)] * n_);
  invert(false);
  for (std::int64_t i = 0; i < n_; ++i)
    for (std::int64_t j = 0; j < n_; ++j)
      v_[i * n_ + columns_[static_cast<std::size_t>(j)]] = spare_[i * n_ + j];
}

/// The gradient of det at a diagonal matrix, differentiated along `matrices`, in units of 2^scale()
/// where it would overflow or underflow. It adds up, for each choice of one more place than there
/// are matrices, the product of all other pivots times the same derivative of the small determinant
/// at these places.
class SlopeAtDiagonal {
 public:
  SlopeAtDiagonal(std::span<const double> pivots, std::vector<const double*> matrices, double* out)
      : pivots_(pivots),
        matrices_(std::move(matrices)),
        places_(matrices_.size() + 1),
        sum_(places_.size() * places_.size()),
        out_(out),
        rest_(pivots.size() + 1) {
    for (std::size_t i = pivots.size(); i-- > 0;) rest_[i] = rest_[i + 1].times(pivots[i]);
    std::vector<std::int64_t> exponents;
    for (const double pivot : pivots)
      if (pivot != 0) exponents.push_back(std::ilogb(pivot));
    std::sort(exponents.begin(), exponents.end(), std::greater<>());
    const std::size_t others = pivots.size() - std::min(pivots.size(), places_.size());
    const std::int64_t largest = std::accumulate(
        exponents.begin(),
        exponents.begin() + static_cast<std::ptrdiff_t>(std::min(others, exponents.size())),
        std::int64_t{0});
    scale_ = largest - std::clamp<std::int64_t>(largest, -900, 900);
  }

  std::int64_t scale() const { return scale_; }
  void operator()() {
    std::fill_n(out_, pivots_.size() * pivots_.size(), 0);
    if (places_.size() <= pivots_.size()) choose(0, 0, {});
  }

 private:
  /// Chooses place number `chosen` from `first` on; `others` is the product of the pivots passed
  /// over.
  void choose(std::size_t chosen, std::size_t first, Product others) {
    if (chosen == places_.size()) return add(others.times(rest_[first]).in(scale_));
    const std::size_t missing = places_.size() - chosen;
    for (std::size_t i = first; i + missing <= pivots_.size() && others.mantissa != 0; ++i) {
      places_[chosen] = i;
      choose(chosen + 1, i + 1, others);
      others = others.times(pivots_[i]);
    }
  }
  /// Polarisation: along k matrices, a form of degree k is Σ ± of its values at sums of some of
  /// them.
  void add(double factor) {
    const std::size_t k = matrices_.size(), m = places_.size(), n = pivots_.size();
    if (factor == 0) return;
    for (std::uint32_t some = k == 0 ? 0 : 1; some < 1U << k; ++some) {
      for (std::size_t i = 0; i < m * m; ++i) {
        sum_[i] = 0;
        for (std::size_t at = 0; at < k; ++at)
          if ((some >> at & 1U) != 0) sum_[i] += matrices_[at][places_[i / m] * n + places_[i % m]];
      }
      const bool odd = (k - static_cast<std::size_t>(std::popcount(some))) % 2 == 1;
      for (std::size_t i = 0; i < m * m; ++i)
        out_[places_[i / m] * n + places_[i % m]] +=
            ((i / m + i % m) % 2 == 1) != odd ? -factor * cofactor(i) : factor * cofactor(i);
    }
  }
  double cofactor(std::size_t i) const {
    const std::size_t m = places_.size();
    const std::uint32_t all = (1U << m) - 1;
    return minor_of(sum_.data(), m, all & ~(1U << i / m), all & ~(1U << i % m));
  }

  std::span<const double> pivots_;
  std::vector<const double*> matrices_;
  std::vector<std::size_t> places_;
  std::vector<double> sum_;
  double* out_;
  std::vector<Product> rest_;  ///< the products of the pivots from each one on
  std::int64_t scale_ = 0;
};

}  // namespace

std::int64_t det_slope(const Machine& machine, const Parallel& parallel, std::int64_t n,
                       std::size_t operands, double* memory) {
  const auto size = static_cast<std::size_t>(n * n);
  Factors factors(machine, parallel, n, memory, memory + operands * size);
  std::vector<const double*> along;
  for (std::size_t i = 1; i < operands; ++i) {
    factors.bring_in(memory + i * size);
    along.push_back(memory + i * size);
  }
  SlopeAtDiagonal slope(factors.pivots(), std::move(along), memory);
  slope();
  factors.bring_out(memory);
  return slope.scale();
}

}  // namespace dagrad
