#pragma once

#include <cstdint>

#include "dagrad/pattern.hpp"
#include "dagrad/strides.hpp"

namespace dagrad {

/// Which pairs of a row and a column take part in scores [..., rows, columns] whatever is fed: a
/// mask that is not a constant may allow all of them.
class AllowedPairs {
 public:
  /// The mask, if there is one, is operand `mask`.
  AllowedPairs(const PatternContext& at, const Shape& scores, bool causal, std::size_t mask)
      : rows_(scores[-2]), columns_(scores[-1]), causal_(causal) {
    if (at.in.size() <= mask || at.constants[mask] == nullptr) return;
    mask_ = at.constants[mask];
    axes_.add(scores, {{broadcast_strides(mask_->shape(), scores)}});
  }

  bool operator()(std::int64_t batch, std::int64_t row, std::int64_t column) const {
    if (causal_ && column > row + columns_ - rows_) return false;
    if (mask_ == nullptr) return true;
    return mask_->at(axes_.offset((batch * rows_ + row) * columns_ + column)) != 0;
  }

 private:
  std::int64_t rows_, columns_;
  bool causal_;
  const Tensor* mask_ = nullptr;
  StridedAxes<1> axes_;
};

}  // namespace dagrad
