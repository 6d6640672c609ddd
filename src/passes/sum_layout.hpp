#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dagrad/kernels/sums.hpp"
#include "dagrad/machine.hpp"
#include "dagrad/strides.hpp"

namespace dagrad::detail {

/// How one loop computes a formula and sums of its results. The elements are seen as a matrix.
/// Where its columns are summed, rows may be, too: their elements are stored in a buffer and then
/// added up.
class SumLayout {
 public:
  using Along = kernels::LaneSum::Along;

  /// For a formula of operands of types that have been checked, whose results have a shape and are
  /// stored so far.
  SumLayout(std::span<const Type> in, const Shape& shape, std::size_t results);

  struct Request {
    std::size_t result;
    DType dtype;
    kernels::SummedAxes what;
  };
  /// Lets results be summed, those over columns first. Returns for each whether the loop can do
  /// that besides the others.
  std::vector<bool> sum(std::span<const Request> requests);

  /// Whether columns are summed.
  bool by_columns() const { return first_->along() == Along::columns; }
  std::int64_t rows() const { return first_->rows(); }
  std::int64_t columns() const { return first_->columns(); }
  /// A sum that decides how the matrix is divided.
  const kernels::LaneSum& first() const { return *first_; }
  /// The sum of a result; null if it is stored.
  const kernels::LaneSum* of(std::size_t result) const { return sums_[result].get(); }

  /// Whether steps between rows of so many elements are the same everywhere.
  bool has_even_rows(std::int64_t columns) const {
    return axes_.rank() == 1 || (axes_.rank() == 2 && axes_.size(1) == columns);
  }
  /// The steps of operand i along a row, and to the next one.
  std::int64_t step(std::size_t i) const { return axes_.stride(inner(), i); }
  std::int64_t row_step(std::size_t i) const {
    return axes_.rank() == 1 ? columns() * step(i) : axes_.stride(0, i);
  }
  /// Where a row of operand i begins, if rows are summed.
  std::int64_t row_offset(std::int64_t row, std::size_t i) const {
    return has_even_rows(columns()) ? row * row_step(i) : axes_.offset(row * columns(), i);
  }
  /// What the loop of four rows or one must know, or that of the elements of a row.
  kernels::LoopSums loop_sums(int parts) const;

 private:
  int inner() const { return axes_.rank() - 1; }
  bool can_walk(const kernels::LaneSum& sum) const;
  bool add(const Request& request, std::unique_ptr<const kernels::LaneSum>& sum);

  Shape shape_;
  StridedAxes<> axes_;
  std::vector<std::unique_ptr<const kernels::LaneSum>> sums_;
  const kernels::LaneSum* first_ = nullptr;
  DType dtype_ = f32;
};

}  // namespace dagrad::detail
