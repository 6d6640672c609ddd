#include "src/passes/sum_layout.hpp"

#include <algorithm>
#include <utility>

namespace dagrad::detail {

SumLayout::SumLayout(std::span<const Type> in, const Shape& shape, std::size_t results)
    : shape_(shape), axes_(broadcast_axes(in, shape)), sums_(results) {}

/// Whether each operand has the same steps along all rows and, where columns are summed, between
/// them.
bool SumLayout::can_walk(const kernels::LaneSum& sum) const {
  if (axes_.rank() == 0) return false;
  if (sum.along() == Along::rows) return axes_.size(inner()) % sum.columns() == 0;
  return has_even_rows(sum.columns());
}

std::vector<bool> SumLayout::sum(std::span<const Request> requests) {
  std::vector<std::unique_ptr<const kernels::LaneSum>> sums;
  for (const Request& request : requests)
    sums.push_back(kernels::lane_sum({request.dtype, shape_}, request.what));
  std::vector<bool> added(requests.size());
  for (const Along along : {Along::columns, Along::rows})
    for (std::size_t i = 0; i < requests.size(); ++i)
      if (sums[i] && sums[i]->along() == along) added[i] = add(requests[i], sums[i]);
  return added;
}

/// Takes over a sum, unless the loop cannot compute it besides those that it has.
bool SumLayout::add(const Request& request, std::unique_ptr<const kernels::LaneSum>& sum) {
  const auto in_loop = std::ranges::count_if(sums_, [](const auto& of) { return of != nullptr; });
  if (in_loop == static_cast<std::ptrdiff_t>(kernels::LoopSums::most) || !can_walk(*sum))
    return false;
  if (first_ == nullptr) {
    dtype_ = request.dtype;
    first_ = sum.get();
  } else {
    const bool is_like_first = sum->rows() == rows() && sum->columns() == columns();
    const bool adds_whole_rows = by_columns() && first_->block(0).width == columns();
    if (request.dtype != dtype_ || !is_like_first) return false;
    if (sum->along() != first_->along() && !adds_whole_rows) return false;
  }
  sums_[request.result] = std::move(sum);
  return true;
}

kernels::LoopSums SumLayout::loop_sums(int parts) const {
  kernels::LoopSums sums;
  sums.row_size = by_columns() ? columns() : first_->row_lanes();
  sums.lanes = by_columns() ? 0 : first_->row_lanes();
  sums.parts = parts;
  for (const auto& sum : sums_)
    sums.summed.push_back(sum != nullptr && sum->along() == first_->along());
  for (std::size_t i = 0; i < axes_.operands(); ++i)
    sums.row_steps.push_back(by_columns() ? row_step(i) : step(i) * sums.lanes);
  const std::int64_t rows = by_columns() ? parts : has_even_rows(columns()) ? 1 : 0;
  for (std::size_t i = 0; i < axes_.operands(); ++i) sums.next_steps.push_back(rows * row_step(i));
  sums.next_size = rows * columns();
  return sums;
}

}  // namespace dagrad::detail
