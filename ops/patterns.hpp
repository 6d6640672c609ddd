#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "dagrad/pattern.hpp"
#include "dagrad/strides.hpp"

/// What the patterns of several families of ops are made of.
namespace dagrad {

/// A pattern with more entries would cost more than it saves.
constexpr std::int64_t most_pattern_entries = std::int64_t{1} << 27;

/// The dependence of which `row(i, columns)` adds the columns of element i, each once and in any
/// order. Dense if `entries`, the number to expect, would cost more than they save.
template <class Row>
Dependence pattern_by_elements(const PatternContext& at, double entries, Row row) {
  if (entries > static_cast<double>(most_pattern_entries)) return Dependence::dense();
  SparsityPattern pattern(0, at.operand_shape().elements());
  std::vector<SparsityPattern::Index> columns;
  for (std::int64_t i = 0; i < at.result_shape().elements(); ++i) {
    columns.clear();
    row(i, columns);
    std::sort(columns.begin(), columns.end());
    pattern.append_row(columns);
  }
  return Dependence::some(std::move(pattern));
}

/// Elements of a shape that depend on all elements which are combined into the same one of `keep`,
/// the shape with size 1 along some axes.
Dependence whole_lines(const Shape& shape, const Shape& keep);

/// Each element depends on all elements of its line along an axis, along which the sizes of the
/// operand and the result may differ.
Dependence along_lines(const PatternContext& at, std::int64_t axis);

/// Of ops that combine the elements of operand 0 along axes, whose results have its shape or, with
/// size 1 along the axes or without them, that of the combined elements; other operands have one or
/// the other too.
Dependence over_axes(const PatternContext& at, const std::vector<std::int64_t>& axes);

}  // namespace dagrad
