#include "src/loops/rows.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace dagrad::detail {

namespace {

// Rows shorter than these are worth spreading: where one filling serves all runs, and where each
// run needs its own.
constexpr std::int64_t short_periodic = 512, short_varying = 64;
constexpr std::int64_t block_elements = 1024;    // of a run of short rows, about
constexpr std::int64_t spread_bytes = 32 << 10;  // for all operands, on the stack of a run
constexpr std::int64_t line = 64;                // at which each of them begins
constexpr std::int64_t beyond = 16;              // bytes that filling may write too many

/// Pointers to operands: on the stack, unless there are very many.
template <class T>
class Pointers {
 public:
  explicit Pointers(std::size_t n) : many_(n > few_.size() ? n : 0) {}
  T* data() { return many_.empty() ? few_.data() : many_.data(); }
  T& operator[](std::size_t i) { return data()[i]; }

 private:
  std::array<T, 32> few_;
  std::vector<T> many_;
};

/// Fills whole blocks of 16 bytes, which may be more than is asked for.
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

Rows::Rows(LoopSpace space, const Program& program)
    : space_(std::move(space)), in_dtype_(program.inputs) {
  for (std::size_t i = 0; i < space_.operands; ++i) {
    in_size_.push_back(static_cast<std::int64_t>(size_of(in_dtype_[i])));
    kinds_.push_back(kind_of(i));
  }
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    out_size_.push_back(static_cast<std::int64_t>(size_of(program.output_dtype(i))));
  }
  block_ = choose_block();
  for (std::size_t i = 0; i < space_.operands; ++i) {
    in_step_.push_back(block_ > 0 ? kinds_[i] != Operand::one : space_.stride(0, i));
  }
  std::vector<std::int64_t> inside(
      space_.operands);  // from the first to the last row of the axes so far
  for (int axis = 1; axis < space_.rank; ++axis) {
    for (std::size_t i = 0; i < space_.operands; ++i) {
      const std::int64_t stride = space_.stride(axis, i) * in_size_[i];
      jumps_.push_back(stride - inside[i]);
      inside[i] += stride * (space_.sizes[static_cast<std::size_t>(axis)] - 1);
    }
  }
}

Rows::Operand Rows::kind_of(std::size_t i) const {
  const auto moves = [&](int axis) { return space_.stride(axis, i) != 0; };
  int moving = 0;
  for (int axis = 0; axis < space_.rank; ++axis) moving += moves(axis);
  if (moving == 0) return Operand::one;
  if (moving == space_.rank) return Operand::dense;
  return moving == 1 && moves(0) ? Operand::periodic : Operand::varying;
}

/// A few whole rows; 0 where they are too long to spread, or too many operands would be.
std::int64_t Rows::choose_block() const {
  if (space_.rank == 1) return 0;
  bool varying = false;
  std::int64_t element = 0, gaps = 0;  // at most
  for (std::size_t i = 0; i < space_.operands; ++i) {
    if (kinds_[i] == Operand::one || kinds_[i] == Operand::dense) continue;
    element += in_size_[i];
    gaps += beyond + line;
    varying |= kinds_[i] == Operand::varying;
  }
  const std::int64_t most = std::min(block_elements, (spread_bytes - gaps) / element);
  if (space_.row() >= (varying ? short_varying : short_periodic)) return 0;
  return most / space_.row() * space_.row();
}

void Rows::run(const Loop& loop, const Program& program, std::int64_t begin, std::int64_t end,
               const void* const* in, void* const* out) const {
  block_ > 0 ? run_blocks(loop, program, begin, end, in, out)
             : run_rows(loop, program, begin, end, in, out);
}

Rows::Index Rows::index_of_row(std::int64_t row) const {
  Index index{};
  for (int axis = 1; axis < space_.rank; ++axis) {
    const std::int64_t size = space_.sizes[static_cast<std::size_t>(axis)];
    index[static_cast<std::size_t>(axis)] = row % size;
    row /= size;
  }
  return index;
}

std::int64_t Rows::offset_of(const Index& index, std::size_t i) const {
  std::int64_t offset = 0;
  for (int axis = 0; axis < space_.rank; ++axis) {
    offset += index[static_cast<std::size_t>(axis)] * space_.stride(axis, i);
  }
  return offset * in_size_[i];
}

/// Moves on by a row; returns the axis that moved on, the ones inside which begin again.
int Rows::next_row(Index& index) const {
  int axis = 1;
  while (axis + 1 < space_.rank && index[static_cast<std::size_t>(axis)] + 1 ==
                                       space_.sizes[static_cast<std::size_t>(axis)]) {
    index[static_cast<std::size_t>(axis++)] = 0;
  }
  ++index[static_cast<std::size_t>(axis)];
  return axis;
}

void Rows::run_rows(const Loop& loop, const Program& program, std::int64_t begin, std::int64_t end,
                    const void* const* in, void* const* out) const {
  Pointers<const void*> from(in_size_.size());
  Pointers<void*> to(out_size_.size());
  Index index = index_of_row(begin / space_.row());
  index[0] = begin % space_.row();
  for (std::size_t i = 0; i < in_size_.size(); ++i) from[i] = bytes(in[i]) + offset_of(index, i);
  for (std::size_t i = 0; i < out_size_.size(); ++i) to[i] = bytes(out[i]) + begin * out_size_[i];
  for (;;) {
    const std::int64_t n = std::min(space_.row() - index[0], end - begin);
    loop.run(program, from.data(), to.data(), n);
    begin += n;
    if (begin == end) return;
    const int axis = next_row(index);
    for (std::size_t i = 0; i < in_size_.size(); ++i) {
      from[i] = bytes(from[i]) + jump(axis, i) - index[0] * in_step_[i] * in_size_[i];
    }
    for (std::size_t i = 0; i < out_size_.size(); ++i) to[i] = bytes(to[i]) + n * out_size_[i];
    index[0] = 0;
  }
}

void Rows::run_blocks(const Loop& loop, const Program& program, std::int64_t begin,
                      std::int64_t end, const void* const* in, void* const* out) const {
  alignas(64) std::array<std::byte, spread_bytes> scratch;  // filled as far as it is read
  Pointers<const void*> from(in_size_.size());
  Pointers<void*> to(out_size_.size());
  for (std::int64_t at = begin; at < end; at += block_) {
    const std::int64_t n = std::min(block_, end - at), row = at / space_.row();
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
          fill(i, in[i], free, at == begin, row, n / space_.row());
          from[i] = free;
          free += (block_ * in_size_[i] + beyond + line - 1) / line * line;
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

/// One row, over and over.
template <class T>
void Rows::tile(const void* in, void* to, std::int64_t rows) const {
  const std::int64_t length = space_.row(), all = rows * length;
  T* t = std::copy_n(static_cast<const T*>(in), length, static_cast<T*>(to)) - length;
  for (std::int64_t done = length; done < all; done *= 2) {
    std::copy_n(t, std::min(done, all - done), t + done);
  }
}

/// `rows` rows of an operand, one after another; up to 16 bytes beyond them are written as well.
template <class T>
void Rows::spread(std::size_t i, const void* in, void* to, std::int64_t row,
                  std::int64_t rows) const {
  Index index = index_of_row(row);
  const std::byte* from = bytes(in) + offset_of(index, i);
  const std::int64_t length = space_.row();
  const bool repeats = space_.stride(0, i) == 0;
  T* t = static_cast<T*>(to);
  while (rows > 0) {  // as far as axis 1 goes
    const std::int64_t n = std::min(rows, space_.sizes[1] - index[1]);
    for (std::int64_t r = 0; r < n; ++r, t += length, from += jump(1, i)) {
      const T* f = reinterpret_cast<const T*>(from);
      if (repeats)
        repeat(*f, length, t);
      else
        std::copy_n(f, length, t);
    }
    rows -= n;
    if (rows == 0) return;
    index[1] += n - 1;
    from += jump(next_row(index), i) - jump(1, i);
  }
}

}  // namespace dagrad::detail
