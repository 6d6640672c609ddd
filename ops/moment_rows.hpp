#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "ops/moment_sums.hpp"

/// The sums of MomentReduction for rows of adjacent elements, each of which is all of its result.
namespace dagrad {

/// The elements of a row beyond those that fill the lanes, and `rest` for the other lanes.
template <class T>
struct RowEnd {
  RowEnd(const T* x, std::int64_t n, T rest) {
    lane.fill(rest);
    std::copy_n(x, n, lane.begin());
  }
  std::array<T, moment_lanes> lane;
};

/// The mean of a sample of n adjacent elements.
template <class T>
[[gnu::always_inline]] inline T sample_mean(const RowSample& sample, const T* x, std::int64_t n) {
  constexpr std::int64_t lanes = moment_lanes;
  std::array<T, lanes> sums{};
  std::int64_t taken = 0;
  for (std::int64_t i = 0; i < sample.pieces; ++i) {
    const std::int64_t first = i * sample.step, piece = std::min(sample.rows, n - first);
    const std::int64_t packed = piece / lanes, rest = piece % lanes;
    add_rows_inline(x + first, packed, lanes, lanes, sums.data());
    if (rest > 0) {
      const RowEnd<T> end(x + first + packed * lanes, rest, 0);
      add_rows_inline(end.lane.data(), 1, lanes, lanes, sums.data());
    }
    taken += piece;
  }
  return join_lanes(sums.data()) / static_cast<T>(taken);
}

/// The sums of x - centre and of its square for the elements of a row, as CentredSums forms them.
template <bool centred, class T>
class RowSums {
 public:
  explicit RowSums(T centre) { centre_.fill(centre); }

  /// Adds rows of lanes; at most as many as make up a block, and of these no more than are left.
  [[gnu::always_inline]] void add(const T* x, std::int64_t rows) {
    add_centred<centred, false, false, T, T>(first_.data(), square_.data(), centre_.data(), nullptr,
                                             x, rows, lanes, lanes);
    used_ += rows;
    if (used_ == moment_block) flush();
  }
  /// Writes both sums.
  [[gnu::always_inline]] void finish(double& first, double& square) {
    if (flushed_) flush();
    first = centred ? joined(first_, firsts_) : 0;
    square = joined(square_, squares_);
  }

 private:
  static constexpr std::int64_t lanes = moment_lanes;
  using Lanes = std::array<T, lanes>;

  void flush() {
    if (!flushed_) {
      firsts_.clear(lanes);
      squares_.clear(lanes);
    }
    flushed_ = true;
    used_ = 0;
    firsts_.add(first_.data(), lanes);
    squares_.add(square_.data(), lanes);
    first_.fill(0);
    square_.fill(0);
  }
  [[gnu::always_inline]] double joined(const Lanes& sums, Totals<T, lanes>& totals) const {
    return flushed_ ? join_lanes(totals.sums(lanes)) : static_cast<double>(join_lanes(sums.data()));
  }

  Lanes first_{}, square_{}, centre_;
  std::int64_t used_ = 0;  ///< rows of lanes in the block in use
  bool flushed_ = false;
  Totals<T, lanes> firsts_, squares_;
};

/// The sums about provisional centres of `rows` adjacent rows of `length` elements, at least
/// `moment_lanes`. They have the bits that `sample_means` and CentredSums would give: `to.mean` the
/// centres, `to.rest` and `to.square` the sums.
template <bool centred, class T>
[[gnu::always_inline]] inline void sum_rows(const RowSample& sample, const T* x,
                                            std::int64_t length, std::int64_t rows,
                                            const Moments& to) {
  constexpr std::int64_t lanes = moment_lanes;
  const std::int64_t packed = length / lanes, rest = length % lanes;
  for (std::int64_t i = 0; i < rows; ++i, x += length) {
    const T centre = centred ? sample_mean(sample, x, length) : T(0);
    RowSums<centred, T> sums(centre);
    for (std::int64_t row = 0; row < packed; row += moment_block)
      sums.add(x + row * lanes, std::min(moment_block, packed - row));
    if (rest > 0) sums.add(RowEnd<T>(x + length - rest, rest, centre).lane.data(), 1);
    to.mean[i] = static_cast<double>(centre);
    sums.finish(to.rest[i], to.square[i]);
  }
}

}  // namespace dagrad
