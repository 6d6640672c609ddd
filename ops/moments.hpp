#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

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

/// Finds moments of floats over axes.
class MomentReduction {
 public:
  using Unit = Reducer::Unit;
  static constexpr std::int64_t most = 512;  ///< results of a unit

  MomentReduction(const Shape& shape, std::uint32_t axes)
      : reducer_(shape, axes, result_bytes, layout_) {
    if (reducer_.is_chunked()) memory_ = layout_.add<double>(arrays * reducer_.results());
  }

  const ReductionSpace& space() const { return reducer_.space(); }
  std::size_t scratch() const { return layout_.bytes(); }

  /// Calls `visit(unit, moments of its results)` for each unit of the reduction of x, on the pool,
  /// once what goes into these has been read. Several units may have the same results: those of
  /// `unit.chunk` 0 come once. Moments are about 0 where not `centred`.
  template <bool centred, class T, class Visit>
  void each_unit(const EvalContext& c, const T* x, Visit visit) const {
    constexpr std::int64_t work = 4;
    reducer_.each_part(c, work, [&](const ReductionPart& part) {
      double memory_of_unit[arrays * most];
      double* const memory =
          reducer_.is_chunked() ? memory_.in<double>(c.scratch()).data() : memory_of_unit;
      const Moments moments = find<centred>(part, x, memory);
      part.each_unit(
          work, [&](const Unit& unit) { visit(unit, moments + (unit.result - part.first())); });
    });
  }

 private:
  static constexpr std::int64_t arrays = 8;
  /// Room for the parts of a chunk's result; it bounds the columns of a unit.
  static constexpr std::size_t result_bytes = 32;
  static_assert(ReductionSplit::tile_bytes / result_bytes == most);

  /// The moments of a part's results, in memory of `arrays` numbers for each. For float and double.
  template <bool centred, class T>
  static Moments find(const ReductionPart& part, const T* x, double* memory);

  ScratchLayout layout_;
  Reducer reducer_;
  ScratchPart memory_;
};

}  // namespace dagrad
