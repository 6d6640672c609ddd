#include "ops/moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "ops/moment_rows.hpp"

namespace dagrad {

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

/// Turns sums into means.
void divide_by(std::int64_t n, const Moments& m, std::int64_t results) {
  const auto divisor = static_cast<double>(n);
  for (std::int64_t i = 0; i < results; ++i) {
    m.rest[i] /= divisor;
    m.square[i] /= divisor;
  }
}

template <class T>
bool in_range(double square) {
  constexpr double lowest = std::is_same_v<T, float> ? 0x1p-100 : 0x1p-900;
  return square >= lowest && square <= std::numeric_limits<double>::max();
}
/// Whether the centre lies within the spread of the elements.
template <class T>
bool settled(const Moments& m, std::int64_t i) {
  return in_range<T>(m.square[i]) && m.rest[i] * m.rest[i] <= m.square[i] / 8;
}

/// Turns the mean and the mean square of differences from a centre into those of the elements; the
/// mean is kept as the nearest number and a remainder.
template <class T>
void finish(const Moments& m, std::int64_t i) {
  const double centre = m.mean[i], rest = m.rest[i], sum = centre + rest, added = sum - centre;
  const double lost = (centre - (sum - added)) + (rest - added);
  const bool finite = std::fabs(sum) <= std::numeric_limits<double>::max();
  const double mean = m.plain(i) ? static_cast<double>(static_cast<T>(sum)) : sum;
  m.square[i] = std::max(m.square[i] - rest * rest, 0.0);
  m.mean[i] = finite ? mean : centre;
  m.rest[i] = finite ? sum - mean + lost : rest;
}

/// Finds the moments of the results of a part, step by step.
template <class T, bool centred>
class MomentSearch {
 public:
  MomentSearch(const ReductionPart& part, const RowSample& sample, const T* x, double* memory)
      : part_(part),
        sample_(sample),
        x_(x),
        results_(part.results()),
        found_(Moments::in(memory, results_)),
        careful_(Moments::in(memory + 4 * results_, results_)) {}

  Moments run() {
    if constexpr (centred)
      take_sample();
    else
      std::fill_n(found_.mean, results_, 0.0);
    if (!try_centres()) take_care();
    for (std::int64_t i = 0; centred && i < results_; ++i) finish<T>(found_, i);
    return found_;
  }

 private:
  void take_sample() const {
    part_.each_tile([&](const ReductionSplit::Unit& tile) {
      sample_means(part_.space(), sample_, tile, x_, found_.mean + (tile.result - part_.first()));
    });
  }

  /// Sums about provisional centres, and once more about the means if the centres lie too far away.
  /// Returns false if some results have not settled.
  bool try_centres() const {
    bool all = false, moved = true;
    for (int round = 0; round < 2 && moved && !all; ++round) {
      part_.template fold<CentredSums<T, T, centred, false>>(x_, {found_.rest, found_.square},
                                                             found_, part_.machine());
      divide_by(part_.space().rows, found_, results_);
      std::fill_n(found_.scale, results_, 0.0);
      all = true;
      moved = false;
      for (std::int64_t i = 0; i < results_; ++i)
        if (!settled<T>(found_, i)) all = false, moved = move(i) || moved;
    }
    return all;
  }
  /// Moves a centre that lies too far away, and marks results that have not settled.
  bool move(std::int64_t i) const {
    found_.scale[i] = 1;
    if (!in_range<T>(found_.square[i])) return false;
    found_.mean[i] = static_cast<double>(static_cast<T>(found_.mean[i] + found_.rest[i]));
    return true;
  }

  /// Computes the results that have not settled in double, from scaled elements, about 0 if they
  /// are not centred.
  [[gnu::noinline]] void take_care() const {
    if (!choose_scales()) return;
    for (int round = 0; round < (centred ? 3 : 1); ++round) {
      for (std::int64_t i = 0; round > 0 && i < results_; ++i) careful_.mean[i] += careful_.rest[i];
      part_.template fold<CentredSums<T, double, true, true>>(x_, {careful_.rest, careful_.square},
                                                              careful_, part_.machine());
      divide_by(part_.space().rows, careful_, results_);
    }
    for (std::int64_t i = 0; i < results_; ++i) {
      if (found_.plain(i)) continue;
      found_.mean[i] = careful_.mean[i];
      found_.rest[i] = centred ? careful_.rest[i] : 0;
      found_.square[i] = careful_.square[i];
      found_.scale[i] = careful_.scale[i];
    }
  }
  /// Finds scales and centres from the extremes. Results of equal elements and of elements that are
  /// not finite are then done; returns false if no others are left.
  bool choose_scales() const {
    double *const lowest = careful_.mean, *const highest = careful_.rest,
                  *const nan = careful_.square;
    part_.template fold<Extremes<T>>(x_, {lowest, highest, nan});
    bool any = false;
    for (std::int64_t i = 0; i < results_; ++i) {
      const double low = lowest[i], high = highest[i];
      const double largest = std::max(std::fabs(low), std::fabs(high));
      const bool finite = std::isfinite(largest) && nan[i] == 0;
      const double scale = finite ? scale_to_one(largest) : 1;
      careful_.mean[i] = centred ? (low * scale + high * scale) / 2 : 0;
      careful_.scale[i] = scale;
      if (found_.plain(i)) continue;
      if (finite && (centred ? low == high : largest == 0))
        set_plain(i, low, 0);  // equal elements
      else if (!finite)
        set_plain(i, centred ? low + high + nan[i] : 0, centred ? nan_value : largest + nan[i]);
      else
        any = true;
    }
    return any;
  }
  void set_plain(std::int64_t i, double mean, double square) const {
    found_.mean[i] = mean;
    found_.rest[i] = found_.scale[i] = 0;
    found_.square[i] = square;
  }

  const ReductionPart& part_;
  const RowSample& sample_;
  const T* const x_;
  const std::int64_t results_;
  const Moments found_, careful_;
};

}  // namespace

RowSample::RowSample(const ReductionSpace& space) : rows(std::max<std::int64_t>(space.rows, 1)) {
  constexpr std::int64_t wanted = 128;
  if (rows <= wanted) return;
  const std::int64_t all = rows;
  rows = std::min({space.run, all, space.columns == 1 ? wanted / 4 : 4});
  pieces = std::min((all + rows - 1) / rows, wanted / rows);
  step = all / pieces;
}

MomentReduction::MomentReduction(const Shape& shape, std::uint32_t axes)
    : reducer_(shape, axes, result_bytes, layout_), sample_(reducer_.space()) {
  constexpr std::int64_t elements = 4096;  // which stay in the first-level cache
  if (reducer_.is_chunked()) memory_ = layout_.add<double>(arrays * reducer_.results());
  if (space().rows >= moment_lanes && reducer_.has_short_rows(most_in_moment_row))
    together_ = std::clamp<std::int64_t>(elements / space().rows, 1, Reducer::short_rows);
}

template <bool centred, class T>
void MomentReduction::find_rows(const EvalContext& c, const T* x, std::int64_t first,
                                std::int64_t rows, const Moments& to) const {
  const std::int64_t n = space().rows;
  const auto sum = [&]() __attribute__((always_inline)) {
    sum_rows<centred>(sample_, x + first * n, n, rows, to);
  };
  const bool together = n >= moment_lanes && has_wide_vectors(c.machine());
  if (together) {
    run_with_wide_vectors(sum);
    divide_by(n, to, rows);
    std::fill_n(to.scale, rows, 0.0);
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    if (together && settled<T>(to, i)) {
      if constexpr (centred) finish<T>(to, i);
      continue;
    }
    const Unit unit = row(first + i);
    double memory[arrays];
    const Moments alone = find<centred>(ReductionPart(reducer_, c, &unit), sample_, x, memory);
    to.mean[i] = *alone.mean;
    to.rest[i] = *alone.rest;
    to.square[i] = *alone.square;
    to.scale[i] = *alone.scale;
  }
}

template <bool centred, class T>
Moments MomentReduction::find(const ReductionPart& part, const RowSample& sample, const T* x,
                              double* memory) {
  return MomentSearch<T, centred>(part, sample, x, memory).run();
}

template void MomentReduction::find_rows<true>(const EvalContext&, const float*, std::int64_t,
                                               std::int64_t, const Moments&) const;
template void MomentReduction::find_rows<true>(const EvalContext&, const double*, std::int64_t,
                                               std::int64_t, const Moments&) const;
template void MomentReduction::find_rows<false>(const EvalContext&, const float*, std::int64_t,
                                                std::int64_t, const Moments&) const;
template void MomentReduction::find_rows<false>(const EvalContext&, const double*, std::int64_t,
                                                std::int64_t, const Moments&) const;

template Moments MomentReduction::find<true>(const ReductionPart&, const RowSample&, const float*,
                                             double*);
template Moments MomentReduction::find<true>(const ReductionPart&, const RowSample&, const double*,
                                             double*);
template Moments MomentReduction::find<false>(const ReductionPart&, const RowSample&, const float*,
                                              double*);
template Moments MomentReduction::find<false>(const ReductionPart&, const RowSample&, const double*,
                                              double*);

}  // namespace dagrad
