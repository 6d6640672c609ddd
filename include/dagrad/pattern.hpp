#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "dagrad/shape.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

class Op;

/// The positions at which a matrix may differ from zero, row by row. The other elements are zero
/// whatever the values are.
class SparsityPattern {
 public:
  using Index = std::int32_t;

  SparsityPattern() = default;
  /// Without entries. Throws ArgumentError for a size outside of [0, 2^31).
  SparsityPattern(std::int64_t rows, std::int64_t columns);
  /// With entries {row, column} in any order, repeated or not. Throws ArgumentError for one outside
  /// of the matrix.
  SparsityPattern(std::int64_t rows, std::int64_t columns,
                  std::span<const std::pair<std::int64_t, std::int64_t>> entries);
  /// Adds the next row, whose columns must be in ascending order, for a pattern made row by row.
  void append_row(std::span<const Index> columns);

  std::int64_t rows() const { return static_cast<std::int64_t>(starts_.size()) - 1; }
  std::int64_t columns() const { return columns_; }
  std::int64_t entries() const { return starts_.back(); }
  /// The columns of a row's entries, in ascending order.
  std::span<const Index> row(std::int64_t i) const {
    const auto at = static_cast<std::size_t>(i);
    return {indices_.data() + starts_[at], indices_.data() + starts_[at + 1]};
  }
  /// The position of an entry among all of them, row by row; -1 if there is none.
  std::int64_t find(std::int64_t row, std::int64_t column) const;
  SparsityPattern transposed() const;

  /// Where each row begins in `indices`, and their number at the end.
  const std::vector<std::int64_t>& starts() const { return starts_; }
  /// The columns of all entries, row by row.
  const std::vector<Index>& indices() const { return indices_; }
  friend bool operator==(const SparsityPattern&, const SparsityPattern&) = default;

 private:
  std::int64_t columns_ = 0;
  std::vector<std::int64_t> starts_ = {0};
  std::vector<Index> indices_;
};

/// How the elements of one result of an op depend on those of one operand. An element depends on
/// another if its derivative may differ from zero for some values of the operands.
class Dependence {
 public:
  enum class Kind : std::uint8_t { none, dense, same, one, some };
  static constexpr std::int64_t nothing = -1;

  /// No element depends on any, or every element on all.
  static Dependence none() { return Dependence(Kind::none); }
  static Dependence dense() { return Dependence(Kind::dense); }
  /// Element i, in row-major order, depends on element i.
  static Dependence same() { return Dependence(Kind::same); }
  /// Element i depends on element sources[i], or on none where that is `nothing`.
  static Dependence one(std::vector<std::int64_t> sources);
  /// Element i depends on the elements that are the columns of row i.
  static Dependence some(SparsityPattern pattern);
  /// Element i of a result depends on the element of an operand that is repeated there when the
  /// operand is broadcast to the shape of the result.
  static Dependence broadcast(const Shape& operand, const Shape& result);
  /// The reverse: an element of the result depends on all elements of an operand to which it would
  /// be repeated.
  static Dependence summed(const Shape& operand, const Shape& result);

  Kind kind() const { return kind_; }
  const std::vector<std::int64_t>& sources() const { return sources_; }
  const SparsityPattern& pattern() const { return pattern_; }

 private:
  explicit Dependence(Kind kind) : kind_(kind) {}
  Kind kind_;
  std::vector<std::int64_t> sources_;
  SparsityPattern pattern_;
};

/// The arguments of an op's `pattern`: which result and which operand it is asked for, and what is
/// known of the node.
struct PatternContext {
  const Op& op;
  std::span<const Type> in, out;
  std::size_t result = 0, operand = 0;
  /// The value of each operand that is a constant of the graph, and null for all others.
  std::span<const Tensor* const> constants;

  const Shape& result_shape() const { return out[result].shape; }
  const Shape& operand_shape() const { return in[operand].shape; }
};

}  // namespace dagrad
