#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "dagrad/evaluate_op.hpp"
#include "dagrad/ops/index.hpp"
#include "dagrad/ops/rearrange.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/scan.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/ops/triangle.hpp"
#include "dagrad/strides.hpp"
#include "ops/patterns.hpp"

/// On which elements of their operands the elements of results depend: of the built-in ops that
/// move elements or combine some of them. What follows from a program or from rows needs no
/// function.
namespace dagrad {

namespace {

using Entries = std::vector<std::pair<std::int64_t, std::int64_t>>;

Tensor numbered(const Shape& shape) {
  Tensor numbers({f64, shape});
  double number = 0;
  for (double& each : numbers.mutable_view().as<double>()) each = ++number;
  return numbers;
}

/// The results of an op that moves elements, for operands that are 0 but for the asked one, whose
/// elements are numbered from 1. Empty if indices are not known.
std::vector<Tensor> moved_numbers(const PatternContext& at, const Op& op) {
  std::vector<Tensor> operands;
  for (std::size_t i = 0; i < at.in.size(); ++i) {
    if (i == at.operand)
      operands.push_back(numbered(at.in[i].shape));
    else if (is_float(at.in[i].dtype))
      operands.emplace_back(Type{f64, at.in[i].shape});
    else if (at.constants[i] != nullptr)
      operands.push_back(*at.constants[i]);
    else
      return {};
  }
  return evaluate_op(op, operands);
}

/// Of an op whose results consist of elements of its operands and of zeros: found by moving
/// numbers.
Dependence moved(const PatternContext& at, const Op& op) {
  const std::vector<Tensor> results = moved_numbers(at, op);
  if (results.empty()) return Dependence::dense();
  std::vector<std::int64_t> sources;
  for (const double number : results[at.result].view().as<double>())
    sources.push_back(static_cast<std::int64_t>(number) - 1);
  return Dependence::one(std::move(sources));
}
Dependence moved(const PatternContext& at) { return moved(at, at.op); }

}  // namespace

Dependence Transpose::pattern(const PatternContext& at) const { return moved(at); }
Dependence Concat::pattern(const PatternContext& at) const { return moved(at); }
Dependence Split::pattern(const PatternContext& at) const { return moved(at); }
Dependence SplitLike::pattern(const PatternContext& at) const { return moved(at); }
Dependence UnsplitLike::pattern(const PatternContext& at) const { return moved(at); }
Dependence Slice::pattern(const PatternContext& at) const { return moved(at); }
Dependence UnsliceLike::pattern(const PatternContext& at) const { return moved(at); }
Dependence Pad::pattern(const PatternContext& at) const { return moved(at, Pad{before, after, 0}); }
Dependence Roll::pattern(const PatternContext& at) const { return moved(at); }
Dependence Repeat::pattern(const PatternContext& at) const { return moved(at); }
template <bool lower>
Dependence TrianglePart<lower>::pattern(const PatternContext& at) const {
  return moved(at);
}
Dependence Diagonal::pattern(const PatternContext& at) const { return moved(at); }
Dependence UndiagonalLike::pattern(const PatternContext& at) const { return moved(at); }
Dependence DiagEmbed::pattern(const PatternContext& at) const { return moved(at); }
template <bool along>
Dependence Gather<along>::pattern(const PatternContext& at) const {
  return moved(at);
}
template <bool along>
Dependence ScatterPut<along>::pattern(const PatternContext& at) const {
  return moved(at);
}

/// Values are added where the op that gathers would read them.
template <bool along>
Dependence ScatterSum<along>::pattern(const PatternContext& at) const {
  if (at.operand == 0) return Dependence::same();
  if (at.constants[1] == nullptr) return Dependence::dense();
  const Tensor targets =
      evaluate_op(Gather<along>{{axis}}, {numbered(at.in[0].shape), *at.constants[1]})[0];
  const Dependence from = Dependence::broadcast(at.operand_shape(), targets.shape());
  Entries entries;
  std::int64_t position = 0;
  for (const double number : targets.view().as<double>()) {
    const std::int64_t value = from.kind() == Dependence::Kind::same
                                   ? position
                                   : from.sources()[static_cast<std::size_t>(position)];
    entries.emplace_back(static_cast<std::int64_t>(number) - 1, value);
    ++position;
  }
  return Dependence::some(SparsityPattern(at.out[0].elements(), at.in[2].elements(), entries));
}

template Dependence TrianglePart<true>::pattern(const PatternContext&) const;
template Dependence TrianglePart<false>::pattern(const PatternContext&) const;
template Dependence Gather<true>::pattern(const PatternContext&) const;
template Dependence Gather<false>::pattern(const PatternContext&) const;
template Dependence ScatterPut<true>::pattern(const PatternContext&) const;
template Dependence ScatterPut<false>::pattern(const PatternContext&) const;
template Dependence ScatterSum<true>::pattern(const PatternContext&) const;
template Dependence ScatterSum<false>::pattern(const PatternContext&) const;

Dependence SumToLike::pattern(const PatternContext& at) const {
  return Dependence::summed(at.operand_shape(), at.result_shape());
}

Dependence whole_lines(const Shape& shape, const Shape& keep) {
  const Dependence lines = Dependence::summed(shape, keep);
  if (lines.kind() != Dependence::Kind::some) return lines;
  const std::int64_t elements = shape.elements();
  if (elements / keep.elements() > most_pattern_entries / elements) return Dependence::dense();
  SparsityPattern pattern(0, elements);
  const Dependence line_of = Dependence::broadcast(keep, shape);
  for (const std::int64_t line : line_of.sources()) pattern.append_row(lines.pattern().row(line));
  return Dependence::some(std::move(pattern));
}

Dependence along_lines(const PatternContext& at, std::int64_t axis) {
  const AlongAxis from(at.operand_shape(), axis), to(at.result_shape(), axis);
  const double entries =
      static_cast<double>(from.length) * static_cast<double>(at.result_shape().elements());
  return pattern_by_elements(at, entries, [&](std::int64_t i, auto& columns) {
    const std::int64_t first = i / (to.length * to.inner) * from.length * from.inner + i % to.inner;
    for (std::int64_t k = 0; k < from.length; ++k)
      columns.push_back(static_cast<SparsityPattern::Index>(first + k * from.inner));
  });
}

Dependence over_axes(const PatternContext& at, const std::vector<std::int64_t>& axes) {
  const Shape &operand = at.operand_shape(), &result = at.result_shape();
  const Shape whole = at.in[0].shape, keep = Reduction(axes, true).reduced(whole);
  const bool from_whole = operand.elements() == whole.elements();
  const bool to_whole = result.elements() == whole.elements();
  if (from_whole && result.elements() == keep.elements()) return Dependence::summed(whole, keep);
  if (from_whole && to_whole) return whole_lines(whole, keep);
  if (operand.elements() != keep.elements()) return Dependence::dense();
  return to_whole ? Dependence::broadcast(keep, whole) : Dependence::same();
}

Dependence Reduction::pattern(const PatternContext& at) const { return over_axes(at, axes); }

Dependence Scan::pattern(const PatternContext& at) const {
  const AlongAxis lines(at.operand_shape(), axis);
  if (lines.outer * lines.inner * lines.length * (lines.length + 1) / 2 > most_pattern_entries)
    return Dependence::dense();
  SparsityPattern pattern(0, at.operand_shape().elements());
  std::vector<SparsityPattern::Index> row;
  for (std::int64_t i = 0; i < at.result_shape().elements(); ++i) {
    const std::int64_t step = lines.inner, position = i / step % lines.length;
    const std::int64_t first = i - position * step;
    std::int64_t begin = reverse ? position : 0, end = reverse ? lines.length : position + 1;
    if (exclusive) reverse ? ++begin : --end;
    row.clear();
    for (std::int64_t j = begin; j < end; ++j)
      row.push_back(static_cast<SparsityPattern::Index>(first + j * step));
    pattern.append_row(row);
  }
  return Dependence::some(std::move(pattern));
}

}  // namespace dagrad
