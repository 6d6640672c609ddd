#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/program.hpp"
#include "dagrad/strides.hpp"
#include "src/loops/cache.hpp"

namespace dagrad::detail {

/// Walks operands that broadcast with a loop whose inputs are dense or single elements, one run per
/// row. Short rows are combined into longer runs, for which repeated operands are copied out. Where
/// long rows repeat more than the cache holds, bands of some columns are computed one after the
/// other, each for all rows.
class Rows {
 public:
  /// `axes` are those of the results; there is at least one.
  Rows(StridedAxes<> axes, const Program& program);

  /// The input steps of the loop.
  const std::vector<std::int64_t>& in_step() const { return in_step_; }
  /// Pieces must begin at multiples of this many elements: so that no two tasks write to the same
  /// cache line, and in bands, of which pieces consist.
  std::int64_t unit() const {
    if (band_ > 0) return band_ * rows();
    return block_ > 0 ? row_size() * cache_line : cache_line;
  }
  void run(const Loop& loop, const Program& program, std::int64_t begin, std::int64_t end,
           const void* const* in, void* const* out) const;

 private:
  static constexpr std::int64_t cache_line = 64;
  enum class Operand : std::uint8_t { one, dense, periodic, varying };

  /// The axis along which rows lie.
  int row_axis() const { return axes_.rank() - 1; }
  std::int64_t row_size() const { return axes_.size(row_axis()); }
  std::int64_t rows() const { return axes_.positions() / row_size(); }
  Operand kind_of(std::size_t i) const;
  std::int64_t choose_block() const;
  std::int64_t choose_band() const;
  std::int64_t jump(int axis, std::size_t i) const {
    return jumps_[static_cast<std::size_t>(axis) * axes_.operands() + i];
  }
  void run_rows(const Loop& loop, const Program& program, std::int64_t begin, std::int64_t end,
                const void* const* in, void* const* out) const;
  void run_band(const Loop& loop, const Program& program, std::int64_t first, const void* const* in,
                void* const* out) const;
  void run_blocks(const Loop& loop, const Program& program, std::int64_t begin, std::int64_t end,
                  const void* const* in, void* const* out) const;
  void fill(std::size_t i, const void* in, void* to, bool first, std::int64_t row,
            std::int64_t rows) const;
  template <class T>
  void tile(const void* in, void* to, std::int64_t rows) const;
  template <class T>
  void spread(std::size_t i, const void* in, void* to, std::int64_t row, std::int64_t rows) const;

  StridedAxes<> axes_;
  std::vector<DType> in_dtype_;
  std::vector<std::int64_t> in_size_, out_size_;  ///< element sizes in bytes
  std::vector<Operand> kinds_;
  std::vector<std::int64_t> jumps_;  ///< bytes to the next row, by the axis that advances
  std::vector<std::int64_t> in_step_;
  std::int64_t block_ = 0;  ///< elements per run if rows are short, else 0
  std::int64_t band_ = 0;   ///< columns of a band; 0 without bands
};

}  // namespace dagrad::detail
