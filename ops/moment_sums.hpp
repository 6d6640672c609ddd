#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <type_traits>

#include "ops/folds.hpp"
#include "ops/moments.hpp"
#include "ops/reduction.hpp"

/// The kernels of `MomentReduction`, which turn the rows of a unit into sums and extremes of their
/// columns.
namespace dagrad {

constexpr std::int64_t moment_lanes = 16;  ///< the width to which narrow adjacent rows are combined
constexpr std::int64_t moment_block = 64;  ///< rows that are summed in the dtype, four at a time

/// The most adjacent elements that make up a single block.
constexpr std::int64_t most_in_moment_row = moment_block * moment_lanes;

/// Joins `groups` adjacent groups of `width` numbers into the first, halves with halves.
template <class A, class Join>
void join_groups(A* x, std::int64_t groups, std::int64_t width, Join join) {
  for (; groups > 1; groups = (groups + 1) / 2) {
    const std::int64_t kept = (groups + 1) / 2;
    for (std::int64_t i = 0; i < groups / 2 * width; ++i) x[i] = join(x[i], x[kept * width + i]);
  }
}

/// The sum of a row of as many lanes, halves with halves. Vectors of 16 bytes are used explicitly,
/// because compilers do not find them.
template <std::int64_t lanes = moment_lanes, class A>
[[gnu::always_inline]] inline A join_lanes(const A* x) {
  typedef A Vector __attribute__((vector_size(16)));
  constexpr std::size_t vectors = lanes * sizeof(A) / sizeof(Vector);
  Vector v[vectors];
  std::memcpy(v, x, sizeof v);
  for (std::size_t half = vectors / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) v[i] += v[i + half];
  if constexpr (sizeof(A) == 4)
    return (v[0][0] + v[0][2]) + (v[0][1] + v[0][3]);
  else
    return v[0][0] + v[0][1];
}

/// Sums to which blocks of a limited number of terms are added: those of float in double, those of
/// double with a compensation for what each addition loses.
template <class A, std::int64_t most>
class Totals {
 public:
  void clear(std::int64_t n) {
    std::fill_n(sum_, n, 0.0);
    if constexpr (compensated) std::fill_n(lost_, n, 0.0);
  }
  void add(const A* x, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) {
      const double term = x[i];
      if constexpr (compensated) {
        const double sum = sum_[i] + term, added = sum - sum_[i];
        lost_[i] += (sum_[i] - (sum - added)) + (term - added);
        sum_[i] = sum;
      } else {
        sum_[i] += term;
      }
    }
  }
  /// The final sums.
  double* sums(std::int64_t n) {
    if constexpr (compensated)
      for (std::int64_t i = 0; i < n; ++i) sum_[i] += lost_[i];
    return sum_;
  }

 private:
  static constexpr bool compensated = std::is_same_v<A, double>;
  double sum_[most];
  double lost_[compensated ? most : 1];
};

/// Adds rows of x − centre and of its square to the sums of their columns, four rows at a time.
/// x may be scaled first; if not centred, only x² is summed. If not `any_width`, the compiler must
/// know the width.
template <bool centred, bool scaled, bool any_width, class T, class A>
[[gnu::always_inline]] inline void add_centred(A* first, A* square, const A* centre, const A* scale,
                                               const T* x, std::int64_t rows, std::int64_t stride,
                                               std::int64_t width) {
  const auto at = [=](const T* row, std::int64_t j) {
    A value = static_cast<A>(row[j]);
    if constexpr (scaled) value *= scale[j];
    if constexpr (centred) value -= centre[j];
    return value;
  };
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const T *p = x + row * stride, *q = p + stride, *r = q + stride, *s = r + stride;
    for (std::int64_t j = 0; j < width; ++j) {
      const A a = at(p, j), b = at(q, j), c = at(r, j), d = at(s, j);
      if constexpr (centred) first[j] += (a + b) + (c + d);
      square[j] += (a * a + b * b) + (c * c + d * d);
    }
  }
  const auto add_one = [&](const T* p) __attribute__((always_inline)) {
    for (std::int64_t j = 0; j < width; ++j) {
      const A a = at(p, j);
      if constexpr (centred) first[j] += a;
      square[j] += a * a;
    }
  };
  if constexpr (any_width) {
    for (; row < rows; ++row) add_one(x + row * stride);
  } else {  // compilers would turn a loop over rows into one over columns
    if (row < rows) add_one(x + row * stride);
    if (row + 1 < rows) add_one(x + (row + 1) * stride);
    if (row + 2 < rows) add_one(x + (row + 2) * stride);
  }
}

/// Sums of x − centre and of its square, in A. x may be scaled first; if not centred, only x² is
/// summed. Rounding in A affects only blocks of few terms.
template <class T, class A, bool centred, bool scaled>
class CentredSums {
 public:
  using In = T;
  using Result = double;
  static constexpr std::size_t parts = 2;
  static void join(std::size_t /*part*/, double* x, std::int64_t chunks, std::int64_t results) {
    join_groups(x, chunks, results, std::plus<double>());
  }

  /// Sums elements minus `about.mean`, times `about.scale`.
  CentredSums(const ReductionSpace& space, const Moments& about, const Machine& machine)
      : space_(space), about_(about), machine_(machine) {}

  void begin(const ReductionSplit::Unit& unit, std::int64_t first_result) {
    rows_ = RowPacking(space_, unit.width, lanes);
    if constexpr (centred) repeat(about_.mean + (unit.result - first_result), centre_);
    if constexpr (scaled) repeat(about_.scale + (unit.result - first_result), scale_);
    if constexpr (centred) std::fill_n(first_, rows_.width, A(0));
    std::fill_n(square_, rows_.width, A(0));
    used_ = 0;
    flushed_ = false;
  }
  void add(const T* x, std::int64_t rows) {
    const bool by_lanes = rows_.width == lanes && rows_.stride == lanes;
    const std::int64_t packed = rows_.together == lanes ? rows / lanes : rows / rows_.together;
    for (std::int64_t left = packed; left > 0;) {
      const std::int64_t n = std::min(left, block - used_);
      if (by_lanes)
        run_vectorized(
            machine_, [ this, x, n ]() __attribute__((always_inline)) { add_lanes(x, n); });
      else
        add_any(x, n, rows_.stride, rows_.width);
      count(n);
      x += n * rows_.stride;
      left -= n;
    }
    if (const std::int64_t rest = rows - packed * rows_.together; rest > 0) {
      add_any(x, 1, 0, rest * rows_.columns);
      count(1);
    }
  }
  void finish(const std::array<double*, parts>& to) {
    if (!centred) std::fill_n(to[0], rows_.columns, 0.0);
    if (flushed_) {
      flush();
      if (centred) finish(firsts_.sums(rows_.width), to[0]);
      finish(squares_.sums(rows_.width), to[1]);
    } else {
      if (centred) finish(first_, to[0]);
      finish(square_, to[1]);
    }
  }

 private:
  static constexpr std::int64_t most = MomentReduction::most, lanes = moment_lanes,
                                block = moment_block;

  /// The numbers of the columns, for all rows that are combined.
  void repeat(const double* from, A* to) const {
    if (rows_.columns == 1) {
      std::fill_n(to, rows_.width, static_cast<A>(from[0]));
      return;
    }
    for (std::int64_t j = 0; j < rows_.columns; ++j) to[j] = static_cast<A>(from[j]);
    for (std::int64_t j = rows_.columns; j < rows_.width; ++j) to[j] = to[j - rows_.columns];
  }
  [[gnu::noinline]] void add_any(const T* x, std::int64_t rows, std::int64_t stride,
                                 std::int64_t width) {
    add_centred<centred, scaled, true>(first_, square_, centre_, scale_, x, rows, stride, width);
  }
  /// The same for adjacent rows of a width known to the compiler.
  [[gnu::always_inline]] void add_lanes(const T* x, std::int64_t rows) {
    std::array<A, lanes> first, square, centre, scale;
    std::copy_n(square_, lanes, square.data());
    if constexpr (centred) {
      std::copy_n(first_, lanes, first.data());
      std::copy_n(centre_, lanes, centre.data());
    }
    if constexpr (scaled) std::copy_n(scale_, lanes, scale.data());
    add_centred<centred, scaled, false>(first.data(), square.data(), centre.data(), scale.data(), x,
                                        rows, lanes, lanes);
    if constexpr (centred) std::copy_n(first.data(), lanes, first_);
    std::copy_n(square.data(), lanes, square_);
  }
  template <class Sum>
  void finish(Sum* sums, double* to) const {
    if (rows_.together == lanes) {
      to[0] = join_lanes(sums);
    } else {
      join_groups(sums, rows_.together, rows_.columns, std::plus<Sum>());
      std::copy_n(sums, rows_.columns, to);
    }
  }
  void count(std::int64_t rows) {
    used_ += rows;
    if (used_ == block) flush();
  }
  void flush() {
    if (!flushed_) {
      if constexpr (centred) firsts_.clear(rows_.width);
      squares_.clear(rows_.width);
    }
    flushed_ = true;
    used_ = 0;
    if constexpr (centred) {
      firsts_.add(first_, rows_.width);
      std::fill_n(first_, rows_.width, A(0));
    }
    squares_.add(square_, rows_.width);
    std::fill_n(square_, rows_.width, A(0));
  }

  const ReductionSpace& space_;
  const Moments& about_;
  const Machine& machine_;
  RowPacking rows_;
  std::int64_t used_ = 0;  ///< rows of the block in use
  bool flushed_ = false;
  A first_[most], square_[most], centre_[most], scale_[scaled ? most : 1];
  Totals<A, most> firsts_, squares_;
};

/// The smallest and the largest element, ignoring NaN; and NaN if there is one, else 0.
template <class T>
class Extremes {
 public:
  using In = T;
  using Result = double;
  static constexpr std::size_t parts = 3;
  template <class A>
  static void join(std::size_t part, A* x, std::int64_t groups, std::int64_t width) {
    join_groups(x, groups, width, [part](A a, A b) {
      return part == 0 ? std::min(a, b) : part == 1 ? std::max(a, b) : a + b;
    });
  }

  explicit Extremes(const ReductionSpace& space) : space_(space) {}

  void begin(const ReductionSplit::Unit& unit, std::int64_t /*first*/) {
    rows_ = RowPacking(space_, unit.width, moment_lanes);
    std::fill_n(low_, rows_.width, std::numeric_limits<T>::infinity());
    std::fill_n(high_, rows_.width, -std::numeric_limits<T>::infinity());
    std::fill_n(nan_, rows_.width, T(0));
  }
  void add(const T* x, std::int64_t rows) {
    for (; rows >= rows_.together; rows -= rows_.together, x += rows_.stride)
      add_row(x, rows_.width);
    if (rows > 0) add_row(x, rows * rows_.columns);
  }
  void finish(const std::array<double*, parts>& to) {
    T* const results[] = {low_, high_, nan_};
    for (std::size_t part = 0; part < parts; ++part) {
      join(part, results[part], rows_.together, rows_.columns);
      std::copy_n(results[part], rows_.columns, to[part]);
    }
  }

 private:
  void add_row(const T* x, std::int64_t width) {
    for (std::int64_t j = 0; j < width; ++j) {
      low_[j] = x[j] < low_[j] ? x[j] : low_[j];
      high_[j] = x[j] > high_[j] ? x[j] : high_[j];
      nan_[j] += x[j] != x[j] ? x[j] : T(0);
    }
  }

  const ReductionSpace& space_;
  RowPacking rows_;
  T low_[MomentReduction::most], high_[MomentReduction::most], nan_[MomentReduction::most];
};

/// Adds rows to the sums of their columns.
template <class T>
[[gnu::always_inline]] inline void add_rows_inline(const T* x, std::int64_t rows,
                                                   std::int64_t stride, std::int64_t width,
                                                   T* sum) {
  for (; rows >= 4; rows -= 4, x += 4 * stride)
    for (std::int64_t j = 0; j < width; ++j)
      sum[j] += (x[j] + x[stride + j]) + (x[2 * stride + j] + x[3 * stride + j]);
  for (; rows > 0; --rows, x += stride)
    for (std::int64_t j = 0; j < width; ++j) sum[j] += x[j];
}
template <class T>
[[gnu::noinline]] void add_rows(const T* x, std::int64_t rows, std::int64_t stride,
                                std::int64_t width, T* sum) {
  add_rows_inline(x, rows, stride, width, sum);
}

/// The means of a sample of the rows of a unit that has all of its rows.
template <class T>
void sample_means(const ReductionSpace& space, const RowSample& sample,
                  const ReductionSplit::Unit& unit, const T* x, double* to) {
  T sums[MomentReduction::most];
  const bool narrow = space.columns == 1;
  const std::int64_t width = narrow ? moment_lanes : unit.width;
  std::fill_n(sums, width, T(0));
  std::int64_t taken = 0;
  ReductionSplit::Unit piece = unit;
  for (std::int64_t i = 0; i < sample.pieces; ++i) {
    piece.first = i * sample.step;
    piece.last = std::min(piece.first + sample.rows, unit.last);
    taken += piece.last - piece.first;
    each_run(space, piece, [&](std::int64_t offset, std::int64_t rows) {
      if (!narrow) return add_rows(x + offset, rows, space.columns, width, sums);
      add_rows(x + offset, rows / width, width, width, sums);
      add_rows(x + offset + rows / width * width, 1, 0, rows % width, sums);
    });
  }
  if (narrow) sums[0] = join_lanes(sums);
  for (std::int64_t j = 0; j < unit.width; ++j)
    to[j] = static_cast<double>(sums[j] / static_cast<T>(taken));
}

}  // namespace dagrad
