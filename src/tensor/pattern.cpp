#include "dagrad/pattern.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "dagrad/strides.hpp"

namespace dagrad {

namespace {

std::int64_t checked_size(std::int64_t size) {
  if (size < 0 || size > std::numeric_limits<SparsityPattern::Index>::max())
    throw ArgumentError("a pattern has from 0 to 2^31 - 1 rows and columns, not " +
                        std::to_string(size));
  return size;
}

}  // namespace

SparsityPattern::SparsityPattern(std::int64_t rows, std::int64_t columns)
    : columns_(checked_size(columns)), starts_(static_cast<std::size_t>(checked_size(rows)) + 1) {}

SparsityPattern::SparsityPattern(std::int64_t rows, std::int64_t columns,
                                 std::span<const std::pair<std::int64_t, std::int64_t>> entries)
    : SparsityPattern(rows, columns) {
  std::vector<std::pair<std::int64_t, std::int64_t>> sorted(entries.begin(), entries.end());
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  indices_.reserve(sorted.size());
  for (const auto& [row, column] : sorted) {
    if (row < 0 || row >= rows || column < 0 || column >= columns)
      throw ArgumentError("entry (" + std::to_string(row) + ", " + std::to_string(column) +
                          ") is outside of a pattern of " + std::to_string(rows) + " rows and " +
                          std::to_string(columns) + " columns");
    ++starts_[static_cast<std::size_t>(row) + 1];
    indices_.push_back(static_cast<Index>(column));
  }
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
}

void SparsityPattern::append_row(std::span<const Index> columns) {
  indices_.insert(indices_.end(), columns.begin(), columns.end());
  starts_.push_back(static_cast<std::int64_t>(indices_.size()));
}

std::int64_t SparsityPattern::find(std::int64_t row, std::int64_t column) const {
  const std::span<const Index> columns = this->row(row);
  const auto at = std::lower_bound(columns.begin(), columns.end(), static_cast<Index>(column));
  return at == columns.end() || *at != column ? -1 : &*at - indices_.data();
}

SparsityPattern SparsityPattern::transposed() const {
  SparsityPattern result(columns_, rows());
  for (const Index column : indices_) ++result.starts_[static_cast<std::size_t>(column) + 1];
  std::partial_sum(result.starts_.begin(), result.starts_.end(), result.starts_.begin());
  result.indices_.resize(indices_.size());
  std::vector<std::int64_t> next = result.starts_;
  for (std::int64_t i = 0; i < rows(); ++i)
    for (const Index column : row(i))
      result.indices_[static_cast<std::size_t>(next[static_cast<std::size_t>(column)]++)] =
          static_cast<Index>(i);
  return result;
}

Dependence Dependence::one(std::vector<std::int64_t> sources) {
  Dependence result(Kind::one);
  result.sources_ = std::move(sources);
  return result;
}

Dependence Dependence::some(SparsityPattern pattern) {
  if (pattern.entries() == pattern.rows() * pattern.columns()) return dense();
  Dependence result(Kind::some);
  result.pattern_ = std::move(pattern);
  return result;
}

namespace {

/// The element of `shape` that is repeated at each position of `result`.
std::vector<std::int64_t> repeated_elements(const Shape& shape, const Shape& result) {
  std::vector<std::int64_t> sources;
  sources.reserve(static_cast<std::size_t>(result.elements()));
  const Shape shapes[] = {shape};
  each_row(broadcast_axes(shapes, result), 0, result.elements(), [&](const StridedRow<1>& row) {
    for (std::int64_t i = 0; i < row.length; ++i)
      sources.push_back(row.offsets[0] + i * row.strides[0]);
  });
  return sources;
}

}  // namespace

Dependence Dependence::broadcast(const Shape& operand, const Shape& result) {
  return operand.elements() == result.elements() ? same() : one(repeated_elements(operand, result));
}

Dependence Dependence::summed(const Shape& operand, const Shape& result) {
  if (operand.elements() == result.elements()) return same();
  if (result.elements() == 1) return dense();
  SparsityPattern from(0, result.elements());
  for (const std::int64_t element : repeated_elements(result, operand)) {
    const auto column = static_cast<SparsityPattern::Index>(element);
    from.append_row({&column, 1});
  }
  return some(from.transposed());
}

}  // namespace dagrad
