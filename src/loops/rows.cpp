#include "src/loops/rows.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "src/loops/pointers.hpp"

namespace dagrad::detail {

namespace {

// Rows shorter than these are combined: the first limit is for operands that are copied out once
// for all runs, the second for those that each run has to copy.
constexpr std::int64_t short_periodic = 512, short_varying = 64;
constexpr std::int64_t block_elements = 1024;    // approximate size of a run of short rows
constexpr std::int64_t spread_bytes = 32 << 10;  // for all operands, on the stack
constexpr std::int64_t alignment = 64;           // alignment of each operand
constexpr std::int64_t overrun = 16;             // bytes that filling may write beyond the end
constexpr std::int64_t band_bytes = 256 << 10;   // of what a band repeats
constexpr std::int64_t least_band = 256;         // columns, so that calls take little of the time

/// Fills whole blocks of 16 bytes, and so may write beyond `length`.
template <class T>
void repeat(T value, std::int64_t length, T* to) {
  std::array<T, 16 / sizeof(T)> block;
  block.fill(value);
  for (std::int64_t i = 0; i < length; i += static_cast<std::int64_t>(block.size())) {
    std::memcpy(to + i, block.data(), sizeof block);
  }
}

const std::byte* bytes(const void* data) { return static_cast<const std::byte*>(data); }
std::byte* bytes(void* data) { return static_cast<std::byte*>(data); }

}  // namespace

Rows::Rows(StridedAxes<> axes, const Program& program)
    : axes_(std::move(axes)), in_dtype_(program.inputs) {
  for (std::size_t i = 0; i < axes_.operands(); ++i) {
    in_size_.push_back(static_cast<std::int64_t>(size_of(in_dtype_[i])));
    kinds_.push_back(kind_of(i));
  }
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    out_size_.push_back(static_cast<std::int64_t>(size_of(program.output_dtype(i))));
  }
  block_ = choose_block();
  band_ = block_ > 0 ? 0 : choose_band();
  for (std::size_t i = 0; i < axes_.operands(); ++i)
    in_step_.push_back(block_ > 0 ? kinds_[i] != Operand::one : axes_.stride(row_axis(), i));
  for (int axis = 0; axis < row_axis(); ++axis)
    for (std::size_t i = 0; i < axes_.operands(); ++i)
      jumps_.push_back(axes_.jump(row_axis(), axis, i) * in_size_[i]);
}

Rows::Operand Rows::kind_of(std::size_t i) const {
  const auto moves = [&](int axis) { return axes_.stride(axis, i) != 0; };
  int moving = 0;
  for (int axis = 0; axis < axes_.rank(); ++axis) moving += moves(axis);
  if (moving == 0) return Operand::one;
  if (moving == axes_.rank()) return Operand::dense;
  return moving == 1 && moves(row_axis()) ? Operand::periodic : Operand::varying;
}

/// The size of a few whole rows; 0 if rows are too long or too many operands would have to be
/// copied.
std::int64_t Rows::choose_block() const {
  if (axes_.rank() == 1) return 0;
  bool varying = false;
  std::int64_t element = 0, gaps = 0;  // upper bounds
  for (std::size_t i = 0; i < axes_.operands(); ++i) {
    if (kinds_[i] == Operand::one || kinds_[i] == Operand::dense) continue;
    element += in_size_[i];
    gaps += overrun + alignment;
    varying |= kinds_[i] == Operand::varying;
  }
  const std::int64_t most = std::min(block_elements, (spread_bytes - gaps) / element);
  if (row_size() >= (varying ? short_varying : short_periodic)) return 0;
  return most / row_size() * row_size();
}

/// The columns for which all operands that are repeated stay in the cache; 0 if whole rows do.
std::int64_t Rows::choose_band() const {
  std::int64_t column = 0;
  for (std::size_t i = 0; i < axes_.operands(); ++i)
    if (kinds_[i] != Operand::dense && axes_.stride(row_axis(), i) != 0) column += in_size_[i];
  if (column * row_size() <= band_bytes) return 0;
  const std::int64_t band = band_bytes / column / cache_line * cache_line;
  return std::max(band, least_band);
}

void Rows::run(const Loop& loop, const Program& program, std::int64_t begin, std::int64_t end,
               const void* const* in, void* const* out) const {
  if (block_ > 0) return run_blocks(loop, program, begin, end, in, out);
  if (band_ == 0) return run_rows(loop, program, begin, end, in, out);
  for (std::int64_t at = begin / rows(); at * rows() < end; at += band_)
    run_band(loop, program, at, in, out);
}

/// Computes columns from `first` on.
void Rows::run_band(const Loop& loop, const Program& program, std::int64_t first,
                    const void* const* in, void* const* out) const {
  Pointers<const void*> from(in_size_.size());
  Pointers<void*> to(out_size_.size());
  MultiIndex index(axes_.sizes().first(static_cast<std::size_t>(row_axis())), 0);
  for (std::size_t i = 0; i < in_size_.size(); ++i)
    from[i] = bytes(in[i]) + first * in_step_[i] * in_size_[i];
  for (std::size_t i = 0; i < out_size_.size(); ++i) to[i] = bytes(out[i]) + first * out_size_[i];
  const std::int64_t n = std::min(band_, row_size() - first);
  for (std::int64_t left = rows();;) {
    loop.run(program, from.data(), to.data(), n);
    if (--left == 0) return;
    const int axis = index.next();
    for (std::size_t i = 0; i < in_size_.size(); ++i) from[i] = bytes(from[i]) + jump(axis, i);
    for (std::size_t i = 0; i < out_size_.size(); ++i)
      to[i] = bytes(to[i]) + row_size() * out_size_[i];
  }
}

void Rows::run_rows(const Loop& loop, const Program& program, std::int64_t begin, std::int64_t end,
                    const void* const* in, void* const* out) const {
  Pointers<const void*> from(in_size_.size());
  Pointers<void*> to(out_size_.size());
  const auto outer = static_cast<std::size_t>(row_axis());
  MultiIndex index(axes_.sizes().first(outer), begin / row_size());
  std::int64_t at = begin % row_size();  // position in its row
  for (std::size_t i = 0; i < in_size_.size(); ++i)
    from[i] = bytes(in[i]) + (axes_.offset(index, i) + at * in_step_[i]) * in_size_[i];
  for (std::size_t i = 0; i < out_size_.size(); ++i) to[i] = bytes(out[i]) + begin * out_size_[i];
  for (;;) {
    const std::int64_t n = std::min(row_size() - at, end - begin);
    loop.run(program, from.data(), to.data(), n);
    begin += n;
    if (begin == end) return;
    const int axis = index.next();
    for (std::size_t i = 0; i < in_size_.size(); ++i)
      from[i] = bytes(from[i]) + jump(axis, i) - at * in_step_[i] * in_size_[i];
    for (std::size_t i = 0; i < out_size_.size(); ++i) to[i] = bytes(to[i]) + n * out_size_[i];
    at = 0;
  }
}

void Rows::run_blocks(const Loop& loop, const Program& program, std::int64_t begin,
                      std::int64_t end, const void* const* in, void* const* out) const {
  // Only the part that is read gets filled.
  alignas(64) std::array<std::byte, spread_bytes> scratch;
  Pointers<const void*> from(in_size_.size());
  Pointers<void*> to(out_size_.size());
  for (std::int64_t at = begin; at < end; at += block_) {
    const std::int64_t n = std::min(block_, end - at), row = at / row_size();
    std::byte* free = scratch.data();
    for (std::size_t i = 0; i < in_size_.size(); ++i) {
      switch (kinds_[i]) {
        case Operand::one:
          from[i] = in[i];
          break;
        case Operand::dense:
          from[i] = bytes(in[i]) + at * in_size_[i];
          break;
        case Operand::periodic:
        case Operand::varying:
          fill(i, in[i], free, at == begin, row, n / row_size());
          from[i] = free;
          free += (block_ * in_size_[i] + overrun + alignment - 1) / alignment * alignment;
      }
    }
    for (std::size_t i = 0; i < out_size_.size(); ++i) to[i] = bytes(out[i]) + at * out_size_[i];
    loop.run(program, from.data(), to.data(), n);
  }
}

void Rows::fill(std::size_t i, const void* in, void* to, bool first, std::int64_t row,
                std::int64_t rows) const {
  dispatch_width(in_dtype_[i], [&]<class T>(std::type_identity<T>) {
    if (kinds_[i] == Operand::varying)
      spread<T>(i, in, to, row, rows);
    else if (first)
      tile<T>(in, to, rows);
  });
}

/// Copies one row repeatedly.
template <class T>
void Rows::tile(const void* in, void* to, std::int64_t rows) const {
  const std::int64_t length = row_size(), all = rows * length;
  T* t = std::copy_n(static_cast<const T*>(in), length, static_cast<T*>(to)) - length;
  for (std::int64_t done = length; done < all; done *= 2) {
    std::copy_n(t, std::min(done, all - done), t + done);
  }
}

/// Copies `rows` rows of an operand one after the other; may write up to 16 bytes beyond them.
template <class T>
void Rows::spread(std::size_t i, const void* in, void* to, std::int64_t row,
                  std::int64_t rows) const {
  const int inner = row_axis() - 1;  // the axis along which rows are adjacent
  const std::int64_t side_by_side = axes_.size(inner), length = row_size();
  const bool repeats = axes_.stride(row_axis(), i) == 0;
  MultiIndex around(axes_.sizes().first(static_cast<std::size_t>(inner)), row / side_by_side);
  std::int64_t first = row % side_by_side;
  const std::byte* from =
      bytes(in) + axes_.offset(around, i) * in_size_[i] + first * jump(inner, i);
  T* t = static_cast<T*>(to);
  for (;; first = 0) {
    const std::int64_t n = std::min(rows, side_by_side - first);
    for (std::int64_t r = 0; r < n; ++r, t += length, from += jump(inner, i)) {
      const T* f = reinterpret_cast<const T*>(from);
      if (repeats)
        repeat(*f, length, t);
      else
        std::copy_n(f, length, t);
    }
    rows -= n;
    if (rows == 0) return;
    from += jump(around.next(), i) - jump(inner, i);
  }
}

}  // namespace dagrad::detail
