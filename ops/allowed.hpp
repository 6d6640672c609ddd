#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/eval.hpp"
#include "dagrad/strides.hpp"

namespace dagrad {

/// The bits of floats, which are masked without a branch.
template <class T>
using FloatBits = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;

/// x where a mask is 1, 0 where it is 0.
template <class T>
T kept(T x, std::uint8_t is) {
  using Bits = FloatBits<T>;
  return std::bit_cast<T>(std::bit_cast<Bits>(x) & (Bits{0} - Bits{is}));
}

/// Tells which columns of a row of scores, [..., T, S], are allowed; the rows of all matrices are
/// numbered consecutively.
class Allowed {
 public:
  /// The mask, if there is one, is the operand after the first `operands`.
  Allowed(const EvalContext& c, const Shape& scores, bool causal, std::size_t operands)
      : rows_(scores[scores.rank() - 2]), columns_(scores[scores.rank() - 1]), causal_(causal) {
    if (c.ins.size() <= operands) return;
    mask_ = static_cast<const std::uint8_t*>(c.ins[operands].data);
    const Shape& own = c.in_shape(operands);
    const Strides strides = broadcast_strides(own, scores);
    const auto columns = static_cast<std::size_t>(scores.rank() - 1);
    for (std::size_t axis = 0; axis < columns; ++axis)
      mask_rows_.add(scores[static_cast<int>(axis)], {strides[axis]});
    column_step_ = strides[columns];
  }

  bool has_mask() const { return mask_ != nullptr; }
  /// The first column from which on none is allowed.
  std::int64_t end(std::int64_t row) const {
    if (!causal_) return columns_;
    return std::clamp<std::int64_t>(row % rows_ + columns_ - rows_ + 1, 0, columns_);
  }
  /// Calls `visit(column, 1 if it is allowed, else 0)` for the columns before.
  template <class Visit>
  void each(std::int64_t row, Visit visit) const {
    const std::int64_t n = end(row);
    if (mask_ == nullptr) {
      for (std::int64_t i = 0; i < n; ++i) visit(i, std::uint8_t{1});
      return;
    }
    const std::uint8_t* const mask = mask_ + mask_rows_.offset(row);
    if (column_step_ == 1) {  // separately, so that it is vectorised
      for (std::int64_t i = 0; i < n; ++i) visit(i, mask[i]);
    } else {
      for (std::int64_t i = 0; i < n; ++i) visit(i, mask[0]);
    }
  }
  bool operator()(std::int64_t row, std::int64_t column) const {
    if (column >= end(row)) return false;
    return mask_ == nullptr || mask_[mask_rows_.offset(row) + column * column_step_];
  }
  /// Writes 0 to the columns of a row that are not allowed.
  template <class T>
  void clear(std::int64_t row, T* x) const {
    if (mask_ != nullptr)
      each(row, [x](std::int64_t i, std::uint8_t is) { x[i] = kept(x[i], is); });
    std::fill(x + end(row), x + columns_, T(0));
  }

 private:
  const std::int64_t rows_, columns_;
  const bool causal_;
  const std::uint8_t* mask_ = nullptr;  ///< bools
  StridedAxes<1> mask_rows_;            ///< the place of each row of scores in the mask
  std::int64_t column_step_ = 0;
};

/// Refuses a number of operands other than `operands` and an optional mask, dtypes that are not all
/// the same float dtype, and ranks below 2.
void check_masked_operands(std::span<const Type> in, std::size_t operands);
/// Refuses a mask, the optional operand after the first `operands`, that is not bool or does not
/// broadcast to the scores.
void check_mask(std::span<const Type> in, std::size_t operands, const Shape& scores);

/// Applies an op to these operands and to the optional mask, the operand after the first `operands`
/// of the node whose rule this is.
template <class MaskedOp>
Value with_mask(const MaskedOp& op, const GradContext& g, std::size_t operands,
                std::vector<Operand> in) {
  if (g.in.size() > operands) in.push_back(g.in[operands]);
  return apply(op, in);
}

}  // namespace dagrad
