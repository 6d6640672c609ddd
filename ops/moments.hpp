#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "dagrad/eval.hpp"
#include "ops/folds.hpp"
#include "ops/moment_sums.hpp"
#include "ops/reduction.hpp"

/// Mean and mean square deviation of the elements that go into each result of a reduction, accurate
/// relative to their spread, wherever they lie.
///
/// Sums of what elements differ from a provisional centre, and of its square, lose nothing as long
/// as that centre lies within the spread. A sample gives it; where it turns out too far away, the
/// mean that was found is the next one. Where this does not settle, or squares leave the range of
/// the dtype, elements are scaled by a power of two and summed in double. All of it is decided for
/// each result by its own elements, so its bits hang on nothing else.
namespace dagrad {

/// For each of some results: elements x, times `scale`, less `mean` and `rest`, are centred, and
/// `square` is the mean of their squares. A `scale` of 0: they are not scaled, and T suffices.
struct Moments {
  double *mean, *rest, *square, *scale;
  Moments operator+(std::int64_t results) const {
    return {mean + results, rest + results, square + results, scale + results};
  }
  bool plain(std::int64_t i) const { return scale[i] == 0; }
  /// The mean square of elements that are not scaled, and its root, which fits where that may not.
  double unscaled_square(std::int64_t i) const {
    return plain(i) ? square[i] : square[i] / scale[i] / scale[i];
  }
  double root(std::int64_t i) const {
    return plain(i) ? std::sqrt(square[i]) : std::sqrt(square[i]) / scale[i];
  }
  double unscaled_mean(std::int64_t i) const {
    const double sum = mean[i] + rest[i];
    return plain(i) ? sum : sum / scale[i];
  }
  /// What makes centred elements standardised ones: 1 / sqrt(square + epsilon), or 0 for a root of
  /// 0.
  double factor(std::int64_t i, double epsilon) const {
    const double s = plain(i) ? 1 : scale[i], scaled = epsilon * s * s;
    if (std::isinf(scaled)) return 1 / std::sqrt(epsilon) / s;  // beside it the square is nothing
    const double root = std::sqrt(square[i] + scaled);
    return root == 0 ? 0 : 1 / root;
  }
};

namespace detail {

/// Moments of as many results as a unit has, and what the way there needs.
struct MomentBuffer {
  static constexpr std::int64_t most = moment_columns;
  static constexpr std::size_t arrays = 8;
  double memory[arrays][most];
};
/// The same for any number of results.
struct MomentArrays {
  Moments found, careful;
  MomentArrays(double* memory, std::int64_t n)
      : found{memory, memory + n, memory + 2 * n, memory + 3 * n},
        careful{memory + 4 * n, memory + 5 * n, memory + 6 * n, memory + 7 * n} {}
};

/// The power of two that brings `x` near to 1, as far as it is finite itself.
inline double scale_to_one(double x) {
  return x == 0 ? 1 : std::ldexp(1, -std::clamp(std::ilogb(x), -1000, 1000));
}

}  // namespace detail

/// Finds moments of operand 0, of Ts, over axes; about 0 where not `centred`.
template <class T, bool centred>
class MomentReduction {
 public:
  using Unit = ReductionSplit::Unit;

  MomentReduction(const EvalContext& c, std::uint32_t axes)
      : c_(c),
        x_(c.in<T>(0).data()),
        space_(c.in_shape(0), axes),
        split_(space_, result_bytes),
        sample_(space_) {}

  static std::size_t scratch(const PlanContext& plan, std::uint32_t axes) {
    const ReductionSpace space(plan.in[0].shape, axes);
    const ReductionSplit split(space, result_bytes);
    return split.chunks == 1 ? 0 : split.scratch + array_bytes(space.results());
  }

  /// Calls `write(unit, moments of its results)` for each unit of the reduction, on the pool; all
  /// of what goes into these has been read by then. Several units may have the same results: those
  /// of `unit.chunk` 0 come once.
  template <class Write>
  void run(Write write) const {
    const std::int64_t units = split_.units(space_), grain = (split_.grain + 3) / 4;
    if (split_.chunks == 1) {
      c_.parallel.ranges(units, grain, [&](std::int64_t i, std::int64_t end) {
        detail::MomentBuffer buffer;
        Sums sums(space_.columns, space_.run);
        for (; i < end; ++i) {
          const Unit unit = split_.unit(space_, i);
          const detail::MomentArrays arrays(buffer.memory[0], unit.width);
          find(arrays, unit.width, One{*this, unit, sums});
          write(unit, arrays.found);
        }
      });
      return;
    }
    const detail::MomentArrays arrays(reinterpret_cast<double*>(partial() + split_.scratch),
                                      space_.results());
    find(arrays, space_.results(), All{*this});
    c_.parallel.ranges(units, grain, [&](std::int64_t i, std::int64_t end) {
      for (; i < end; ++i) {
        const Unit unit = split_.unit(space_, i);
        write(unit, arrays.found + unit.result);
      }
    });
  }

  /// Calls `visit(offset, n, step)` for the elements of a unit, n at a time: element offset + i
  /// goes into result i * step of the unit.
  template <class Visit>
  void each(const Unit& unit, Visit visit) const {
    each_run(space_, unit, [&](std::int64_t offset, std::int64_t rows) {
      if (space_.columns == 1) return visit(offset, rows, 0);
      for (std::int64_t row = 0; row < rows; ++row)
        visit(offset + row * space_.columns, unit.width, 1);
    });
  }

 private:
  using Sums = detail::CentredSums<T, T, centred, false>;
  using Scaled = detail::CentredSums<T, double, centred, true>;

  /// Room for the parts of a chunk's result; it bounds the columns of a unit.
  static constexpr std::size_t result_bytes = 32;
  static_assert(detail::tile_bytes / result_bytes <= detail::moment_columns);

  static std::size_t array_bytes(std::int64_t results) {
    return detail::MomentBuffer::arrays * static_cast<std::size_t>(results) * sizeof(double);
  }
  std::byte* partial() const { return static_cast<std::byte*>(c_.scratch()); }

  template <class Kernel>
  void walk(const Unit& unit, Kernel& kernel, const Moments& about) const {
    kernel.begin(about, unit.width);
    each_run(space_, unit,
             [&](std::int64_t offset, std::int64_t n) { kernel.add(x_ + offset, n); });
  }

  /// Passes over the elements of one unit, or of all of them, to results of their own.
  struct One {
    const MomentReduction& from;
    const Unit& unit;
    Sums& sums;
    void sample(double* centre) const { from.sample_.means(unit, from.x_, centre); }
    void pass(const Moments& about, double* const* to, std::type_identity<Sums>) const {
      from.walk(unit, sums, about);
      sums.finish(to);
    }
    template <class Kernel>
    [[gnu::noinline]] void pass(const Moments& about, double* const* to,
                                std::type_identity<Kernel>) const {
      Kernel kernel(from.space_.columns, from.space_.run);
      from.walk(unit, kernel, about);
      kernel.finish(to);
    }
  };
  struct All {
    const MomentReduction& from;
    void sample(double* centre) const {
      const std::int64_t units = from.split_.units(from.space_) / from.split_.chunks;
      from.c_.parallel.ranges(units, 1, [&](std::int64_t i, std::int64_t end) {
        for (; i < end; ++i) {
          Unit unit = from.split_.unit(from.space_, i);
          unit.last = from.space_.rows;
          from.sample_.means(unit, from.x_, centre + unit.result);
        }
      });
    }
    template <class Kernel>
    void pass(const Moments& about, double* const* to, std::type_identity<Kernel>) const {
      const ReductionSpace& space = from.space_;
      const ReductionSplit& split = from.split_;
      auto* const partial = reinterpret_cast<double*>(from.partial());
      const std::int64_t results = space.results();
      from.c_.parallel.ranges(
          split.units(space), split.grain, [&](std::int64_t i, std::int64_t end) {
            Kernel kernel(space.columns, space.run);
            for (; i < end; ++i) {
              const Unit unit = split.unit(space, i);
              double* parts[Kernel::parts];
              for (std::int64_t p = 0; p < Kernel::parts; ++p)
                parts[p] = partial + (p * split.chunks + unit.chunk) * results + unit.result;
              from.walk(unit, kernel, about + unit.result);
              kernel.finish(parts);
            }
          });
      for (std::int64_t p = 0; p < Kernel::parts; ++p) {
        double* const chunks = partial + p * split.chunks * results;
        detail::join_groups(chunks, split.chunks, results,
                            [&](double a, double b) { return Kernel::join(p, a, b); });
        std::copy_n(chunks, results, to[p]);
      }
    }
  };

  template <class Passes>
  void find(const detail::MomentArrays& arrays, std::int64_t results, const Passes& passes) const {
    const Moments& m = arrays.found;
    double* const sums[] = {m.rest, m.square};
    if constexpr (centred)
      passes.sample(m.mean);
    else
      std::fill_n(m.mean, results, 0.0);
    bool all = false;
    for (int round = 0; round < 2 && !all; ++round) {
      passes.pass(m, sums, std::type_identity<Sums>());
      divide(m, results);
      std::fill_n(m.scale, results, 0.0);
      bool moved = false;
      all = true;
      for (std::int64_t i = 0; i < results; ++i)
        if (!settled(m, i)) all = false, moved = move(m, i) || moved;
      if (!moved) break;
    }
    if (!all) take_care(arrays, results, passes);
    for (std::int64_t i = 0; centred && i < results; ++i) finish(m, i);
  }

  /// Makes means of sums.
  void divide(const Moments& m, std::int64_t results) const {
    const auto n = static_cast<double>(space_.rows);
    for (std::int64_t i = 0; i < results; ++i) {
      m.rest[i] /= n;
      m.square[i] /= n;
    }
  }
  static bool in_range(double square) {
    constexpr double lowest = std::is_same_v<T, float> ? 0x1p-100 : 0x1p-900;
    return square >= lowest && square <= std::numeric_limits<double>::max();
  }
  static bool settled(const Moments& m, std::int64_t i) {
    return in_range(m.square[i]) && m.rest[i] * m.rest[i] <= m.square[i] / 8;
  }
  /// Moves a centre that lies too far away, marks what has not settled.
  static bool move(const Moments& m, std::int64_t i) {
    m.scale[i] = 1;
    if (!in_range(m.square[i])) return false;
    m.mean[i] = static_cast<double>(static_cast<T>(m.mean[i] + m.rest[i]));
    return true;
  }

  /// Scaled, in double, what has not settled.
  template <class Passes>
  [[gnu::noinline]] void take_care(const detail::MomentArrays& arrays, std::int64_t results,
                                   const Passes& passes) const {
    const Moments &m = arrays.found, &careful = arrays.careful;
    double *const lowest = careful.mean, *const highest = careful.rest, *const nan = careful.square;
    double* const extremes[] = {lowest, highest, nan};
    passes.pass(m, extremes, std::type_identity<detail::Extremes<T>>());
    bool any = false;
    for (std::int64_t i = 0; i < results; ++i) {
      const double low = lowest[i], high = highest[i];
      const double largest = std::max(std::fabs(low), std::fabs(high));
      const bool finite = std::isfinite(largest) && nan[i] == 0;
      const double scale = finite ? detail::scale_to_one(largest) : 1;
      careful.mean[i] = centred ? (low * scale + high * scale) / 2 : 0;
      careful.scale[i] = scale;
      if (m.plain(i)) continue;
      if (finite && (centred ? low == high : largest == 0))
        set_plain(m, i, low, 0);  // equal elements
      else if (!finite)
        set_plain(m, i, centred ? low + high + nan[i] : 0, centred ? nan_ : largest + nan[i]);
      else
        any = true;
    }
    if (!any) return;
    double* const sums[] = {careful.rest, careful.square};
    for (int round = 0; round < (centred ? 3 : 1); ++round) {
      for (std::int64_t i = 0; round > 0 && i < results; ++i) careful.mean[i] += careful.rest[i];
      passes.pass(careful, sums, std::type_identity<Scaled>());
      divide(careful, results);
    }
    for (std::int64_t i = 0; i < results; ++i) {
      if (m.plain(i)) continue;
      m.mean[i] = careful.mean[i];
      m.rest[i] = careful.rest[i];
      m.square[i] = careful.square[i];
      m.scale[i] = careful.scale[i];
    }
  }
  static void set_plain(const Moments& m, std::int64_t i, double mean, double square) {
    m.mean[i] = mean;
    m.rest[i] = m.scale[i] = 0;
    m.square[i] = square;
  }

  /// From the mean and mean square of what differs from a centre to those of all elements; the mean
  /// as the nearest number and the rest.
  static void finish(const Moments& m, std::int64_t i) {
    const double centre = m.mean[i], rest = m.rest[i], sum = centre + rest, added = sum - centre;
    const double lost = (centre - (sum - added)) + (rest - added);
    const bool finite = std::fabs(sum) <= std::numeric_limits<double>::max();
    const double mean = m.plain(i) ? static_cast<double>(static_cast<T>(sum)) : sum;
    m.square[i] = std::max(m.square[i] - rest * rest, 0.0);
    m.mean[i] = finite ? mean : centre;
    m.rest[i] = finite ? sum - mean + lost : rest;
  }

  static constexpr double nan_ = std::numeric_limits<double>::quiet_NaN();

  const EvalContext& c_;
  const T* const x_;
  const ReductionSpace space_;
  const ReductionSplit split_;
  const detail::RowSample sample_;
};

}  // namespace dagrad
