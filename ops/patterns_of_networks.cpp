#include <utility>
#include <vector>

#include "dagrad/ops/attention.hpp"
#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/order.hpp"
#include "dagrad/ops/pooling.hpp"
#include "ops/patterns.hpp"
#include "ops/patterns_of_pairs.hpp"
#include "ops/pooling_windows.hpp"

/// On which elements of their operands the results of ops for neural networks depend: pooling,
/// softmax with and without masks, sorting, and normalisation.
namespace dagrad {

// ---- pooling

namespace {

/// Between the windows and the elements of an input of that shape: windows depend on their elements
/// or, transposed, elements on the windows that they are in.
Dependence of_windows(const PatternContext& at, const Pooling& options, const Shape& input,
                      bool transposed) {
  const Windows windows(options, input);
  if (static_cast<double>(windows.planes) * windows.work() >
      static_cast<double>(most_pattern_entries))
    return Dependence::dense();
  std::vector<std::pair<std::int64_t, std::int64_t>> entries;
  for (std::int64_t plane = 0; plane < windows.planes; ++plane)
    for (std::int64_t row = 0; row < windows.out[0]; ++row)
      windows.each_read_of_windows(row, {0, windows.out[1]}, [&](const Windows::Reads& reads) {
        const std::int64_t first = (plane * windows.out[0] + row) * windows.out[1] + reads.window;
        for (std::int64_t i = 0; i < reads.count; ++i) {
          const std::int64_t window = first + i;
          const std::int64_t element =
              plane * windows.in_size() + reads.element + i * windows.stride[1];
          entries.emplace_back(transposed ? element : window, transposed ? window : element);
        }
      });
  return Dependence::some(
      SparsityPattern(at.result_shape().elements(), at.operand_shape().elements(), entries));
}

}  // namespace

Dependence MaxPool::pattern(const PatternContext& at) const {
  return of_windows(at, *this, at.operand_shape(), false);
}
Dependence MaxPoolGradient::pattern(const PatternContext& at) const {
  return at.operand == 0 ? of_windows(at, *this, at.result_shape(), true) : Dependence::none();
}
Dependence MaxPoolPick::pattern(const PatternContext& at) const {
  return at.operand == 0 ? of_windows(at, *this, at.operand_shape(), false) : Dependence::none();
}
Dependence AvgPool::pattern(const PatternContext& at) const {
  return of_windows(at, *this, at.operand_shape(), false);
}
Dependence AvgPoolGradient::pattern(const PatternContext& at) const {
  return at.operand == 0 ? of_windows(at, *this, at.result_shape(), true) : Dependence::none();
}

// ---- lines along an axis

Dependence Softmax::pattern(const PatternContext& at) const { return along_lines(at, axis); }
Dependence LogSoftmax::pattern(const PatternContext& at) const { return along_lines(at, axis); }
Dependence SoftmaxGradient::pattern(const PatternContext& at) const {
  return along_lines(at, axis);
}
Dependence LogSoftmaxGradient::pattern(const PatternContext& at) const {
  return at.operand == 0 ? along_lines(at, axis) : Dependence::same();
}
Dependence Sort::pattern(const PatternContext& at) const { return along_lines(at, axis); }
Dependence TopK::pattern(const PatternContext& at) const { return along_lines(at, axis); }

// ---- masked rows

namespace {

/// Allowed elements of a row depend on all allowed elements of the same row, the others on none.
Dependence of_masked_rows(const PatternContext& at, bool causal, std::size_t mask) {
  const Shape& shape = at.result_shape();
  const std::int64_t rows = shape[-2], columns = shape[-1];
  const AllowedPairs allowed(at, shape, causal, mask);
  const double entries = static_cast<double>(shape.elements()) * static_cast<double>(columns);
  return pattern_by_elements(at, entries, [&](std::int64_t i, auto& depends) {
    const std::int64_t row = i / columns;
    if (!allowed(row / rows, row % rows, i % columns)) return;
    for (std::int64_t k = 0; k < columns; ++k)
      if (allowed(row / rows, row % rows, k))
        depends.push_back(static_cast<SparsityPattern::Index>(row * columns + k));
  });
}

}  // namespace

Dependence MaskedSoftmax::pattern(const PatternContext& at) const {
  return at.operand == 0 ? of_masked_rows(at, causal, 1) : Dependence::none();
}
Dependence MaskedSoftmaxGradient::pattern(const PatternContext& at) const {
  return at.operand < 2 ? of_masked_rows(at, causal, 2) : Dependence::none();
}
Dependence Masked::pattern(const PatternContext& at) const {
  if (at.operand > 0) return Dependence::none();
  const Shape& shape = at.result_shape();
  const std::int64_t rows = shape[-2], columns = shape[-1];
  const AllowedPairs allowed(at, shape, causal, 1);
  std::vector<std::int64_t> sources;
  for (std::int64_t i = 0; i < shape.elements(); ++i)
    sources.push_back(
        allowed(i / columns / rows, i / columns % rows, i % columns) ? i : Dependence::nothing);
  return Dependence::one(std::move(sources));
}

// ---- normalisation

Dependence Standardize::pattern(const PatternContext& at) const { return over_axes(at, axes); }
Dependence StandardizeGradient::pattern(const PatternContext& at) const {
  return over_axes(at, axes);
}
/// Scale and shift have the shape of the other results.
Dependence NormalizeChannels::pattern(const PatternContext& at) const {
  return at.operand == 0 || at.result == 0 ? over_axes(at, axes) : Dependence::none();
}
Dependence NormalizeChannelsGradient::pattern(const PatternContext& at) const {
  return over_axes(at, axes);
}
/// Only the first result depends on scale and shift.
Dependence NormalizeRows::pattern(const PatternContext& at) const {
  if (at.operand == 0) return over_axes(at, axes);
  if (at.result > 0) return Dependence::none();
  return Dependence::broadcast(at.operand_shape(), at.result_shape());
}
/// The operands are a cotangent, the standardised elements, their deviations and the scale; the
/// results are those of x, of the scale and of the shift.
Dependence NormalizeRowsGradient::pattern(const PatternContext& at) const {
  if (at.result == 0) return at.operand < 3 ? over_axes(at, axes) : Dependence::dense();
  if (at.operand == 0 || (at.operand == 1 && at.result == 1))
    return Dependence::summed(at.operand_shape(), at.result_shape());
  return Dependence::none();
}

}  // namespace dagrad
