#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "ops/reduction.hpp"
#include "ops/vectors.hpp"

/// Mean and mean squared deviation of the elements of each result of a reduction, accurate relative
/// to their spread, however far from 0 they lie.
///
/// Sums of the differences from a provisional centre, and of their squares, lose nothing as long as
/// that centre lies within the spread. It comes from a sample; if it turns out to be too far away,
/// the mean that was found becomes the next centre. If this does not settle, or if squares leave
/// the range of the dtype, the elements are scaled by a power of two and summed in double. Each
/// result decides all of this by its own elements, so its bits depend on nothing else.
namespace dagrad {

/// For each result: elements x times `scale`, minus `mean` and `rest`, are centred, and `square` is
/// the mean of their squares. A `scale` of 0 means that they are not scaled and that T suffices.
struct Moments {
  double *mean, *rest, *square, *scale;
  /// In memory of four numbers for each of these results.
  static Moments in(double* memory, std::int64_t results) {
    return {memory, memory + results, memory + 2 * results, memory + 3 * results};
  }
  Moments operator+(std::int64_t results) const {
    return {mean + results, rest + results, square + results, scale + results};
  }
  bool plain(std::int64_t i) const { return scale[i] == 0; }
  /// The mean square of the unscaled elements, and its root, which is representable where the
  /// square may not be.
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
  /// The factor that standardises centred elements: 1 / sqrt(square + epsilon), or 0 where the root
  /// is 0.
  double factor(std::int64_t i, double epsilon) const {
    const double s = plain(i) ? 1 : scale[i], scaled = epsilon * s * s;
    if (std::isinf(scaled))
      return 1 / std::sqrt(epsilon) / s;  // next to it the square is negligible
    const double root = std::sqrt(square[i] + scaled);
    return root == 0 ? 0 : 1 / root;
  }
  /// The factor for elements that are not scaled.
  double unscaled_factor(std::int64_t i, double factor) const {
    return plain(i) ? factor : factor * scale[i];
  }
};

/// Means of about 128 rows of each group, in `pieces` of several rows, `step` apart, or of all rows
/// if there are no more: they lie close to the means of all rows.
struct RowSample {
  explicit RowSample(const ReductionSpace& space);
  std::int64_t rows = 1, pieces = 1, step = 1;
};

/// Finds the moments of floats over axes.
class MomentReduction {
 public:
  using Unit = Reducer::Unit;
  static constexpr std::int64_t most = 512;  ///< results of a unit

  MomentReduction(const Shape& shape, std::uint32_t axes);

  const ReductionSpace& space() const { return reducer_.space(); }
  const Reducer& reducer() const { return reducer_; }
  std::size_t scratch() const { return layout_.bytes(); }

  /// The moments of `rows` rows of x from `first` on, if the elements of each result are such a row
  /// of adjacent elements. With wide vectors, most of them are found for all rows together.
  template <bool centred, class T>
  void find_rows(const EvalContext& c, const T* x, std::int64_t first, std::int64_t rows,
                 const Moments& to) const;

  /// Calls `visit(unit, moments of its results)` on the pool for each unit of the reduction of x,
  /// once all elements of these results have been read. Several units may have the same results:
  /// those with `unit.chunk` 0 have each result once. Moments are about 0 if not `centred`.
  template <bool centred, class T, class Visit>
  void each_unit(const EvalContext& c, const T* x, Visit visit) const {
    constexpr std::int64_t work = Reducer::several_steps;
    if (together_ > 0 && has_wide_vectors(c.machine()))
      return reducer_.each_block(c, together_, work, [&](std::int64_t first, std::int64_t rows) {
        double memory[arrays_of_moments * Reducer::short_rows];
        const Moments moments = Moments::in(memory, rows);
        find_rows<centred>(c, x, first, rows, moments);
        for (std::int64_t i = 0; i < rows; ++i) visit(row(first + i), moments + i);
      });
    const auto visit_unit = [&](const Unit& unit, const Moments& moments)
        __attribute__((noinline)) {
      visit(unit, moments);
    };
    reducer_.each_part(c, work, [&](const ReductionPart& part) {
      double memory_of_unit[arrays * most];
      double* const memory =
          reducer_.is_chunked() ? memory_.in<double>(c.scratch()).data() : memory_of_unit;
      const Moments moments = find<centred>(part, sample_, x, memory);
      part.each_unit(work, [&](const Unit& unit) {
        visit_unit(unit, moments + (unit.result - part.first()));
      });
    });
  }

 private:
  static constexpr std::int64_t arrays_of_moments = 4, arrays = 2 * arrays_of_moments;
  /// The room for the parts of a chunk's result; it limits the columns of a unit.
  static constexpr std::size_t result_bytes = 32;
  static_assert(ReductionSplit::tile_bytes / result_bytes == most);

  /// The moments of the results of a part, in memory of `arrays` numbers each. For float and
  /// double.
  template <bool centred, class T>
  static Moments find(const ReductionPart& part, const RowSample& sample, const T* x,
                      double* memory);

  /// A row of adjacent elements, which are all elements of its result.
  Unit row(std::int64_t i) const {
    const std::int64_t n = space().rows;
    return {.chunk = 0, .result = i, .width = 1, .offset = i * n, .first = 0, .last = n};
  }
  ScratchLayout layout_;
  Reducer reducer_;
  RowSample sample_;
  ScratchPart memory_;
  /// How many rows of adjacent elements are processed together, if they are neither too short nor
  /// too long for that; else 0.
  std::int64_t together_ = 0;
};

}  // namespace dagrad
