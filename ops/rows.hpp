#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>

#include "dagrad/eval.hpp"
#include "ops/vectors.hpp"

/// The parts of softmax and its relatives: sums of exponentials along an axis. Infinities of a row
/// share it equally: exp(x − shift) is 1 for each of them and 0 for the rest.
namespace dagrad {

/// The rows of a shape along an axis: `count` rows of `length` elements each, `stride` apart.
struct Rows {
  std::int64_t count = 1, length = 1, stride = 1;
  Rows(const Shape& shape, std::int64_t axis);
  /// The offset of a row's first element.
  std::int64_t begin(std::int64_t row) const {
    return row / stride * length * stride + row % stride;
  }
};

/// What such ops prepare: the loop that computes exp(x − shift) for elements of a dtype.
std::shared_ptr<const ProgramLoop> exp_loop(const Machine& machine, DType dtype);
/// out = exp(x − shift); out may be x.
template <class T>
void run_exp(const ProgramLoop& loop, const T* x, T shift, T* out, std::int64_t n) {
  const void* const in[] = {x, &shift};
  void* const results[] = {out};
  loop(in, results, n);
}

/// Combines elements in a fixed order: those of a long row in 32 interleaved parts, the rest in
/// eight, then those.
template <class T, class F>
[[gnu::always_inline]] inline T fold(const T* x, std::int64_t n, T start, F f) {
  T part[8];
  std::fill_n(part, 8, start);
  std::int64_t i = 0;
  if (n >= 64) {
    T wide[32];
    std::fill_n(wide, 32, start);
    for (; i + 32 <= n; i += 32)
      for (std::int64_t j = 0; j < 32; ++j) wide[j] = f(wide[j], x[i + j]);
    for (std::int64_t j = 0; j < 8; ++j)
      part[j] = f(f(wide[j], wide[j + 16]), f(wide[j + 8], wide[j + 24]));
  }
  for (; i + 8 <= n; i += 8)
    for (std::int64_t j = 0; j < 8; ++j) part[j] = f(part[j], x[i + j]);
  for (std::int64_t j = 0; i < n; ++i, ++j) part[j] = f(part[j], x[i]);
  return f(f(f(part[0], part[4]), f(part[2], part[6])),
           f(f(part[1], part[5]), f(part[3], part[7])));
}

/// The same with the widest vectors that pay off on the machine, for rows that pay for the call.
template <class T, class F>
T fold(const Machine& machine, const T* x, std::int64_t n, T start, F f) {
  if (n < 64) return fold(x, n, start, f);
  T result;
  run_vectorized(
      machine, [&]() __attribute__((always_inline)) { result = fold(x, n, start, f); });
  return result;
}

/// Sums of rows that lie side by side, of which one element each is added at a time. Each has the
/// bits of `fold`.
template <class T>
class SumsSideBySide {
 public:
  static constexpr std::int64_t most = 64;  ///< rows

  /// Prepares for `n` elements of each of `rows` rows.
  void start(std::int64_t rows, std::int64_t n) {
    rows_ = rows;
    in_wide_ = n >= 64 ? static_cast<std::size_t>(n / 32 * 32) : 0;
    at_ = 0;
    if (in_wide_ > 0) clear(wide_);  // short rows do not pay for it
    clear(part_);
  }
  /// Adds the next element of each row.
  void add(const T* x) {
    add_to(at_ < in_wide_ ? wide_[at_ % 32] : part_[at_ % 8], x);
    if (++at_ != in_wide_) return;
    for (std::size_t j = 0; j < 8; ++j)
      for (std::size_t i = 0; i < most; ++i)
        part_[j][i] = (wide_[j][i] + wide_[j + 16][i]) + (wide_[j + 8][i] + wide_[j + 24][i]);
  }
  /// Adds the sums to `sums`.
  void finish(T* sums) {
    for (std::size_t step = 4; step > 0; step /= 2)
      for (std::size_t j = 0; j < step; ++j) add_to(part_[j], part_[j + step].data());
    for (std::int64_t i = 0; i < rows_; ++i) sums[i] += part_[0][static_cast<std::size_t>(i)];
  }

 private:
  using Line = std::array<T, most>;
  template <std::size_t n>
  static void clear(std::array<Line, n>& lines) {
    for (Line& line : lines) line.fill(T(0));
  }
  void add_to(Line& line, const T* x) const {
    for (std::int64_t i = 0; i < rows_; ++i) line[static_cast<std::size_t>(i)] += x[i];
  }

  std::int64_t rows_ = 0;
  std::size_t in_wide_ = 0, at_ = 0;
  std::array<Line, 32> wide_;
  std::array<Line, 8> part_;
};

/// A few rows at a time: as many as fit easily into the cache, or pieces of a single row.
template <class T>
class RowBlock {
 public:
  static constexpr std::int64_t room = 1024;
  static constexpr std::int64_t most_side_by_side = SumsSideBySide<T>::most;
  static constexpr std::int64_t few_side_by_side = 16;  ///< for fewer, other blocks are faster
  static constexpr std::int64_t row_of_its_own = 32;    ///< elements for which calling a loop pays
  struct Row {
    std::int64_t begin;  ///< offset of its first element
    T shift, sum;        ///< Σ exp(x − shift), its reciprocal or its logarithm
    /// x − shift; an infinite shift is 0 from itself and infinitely far from every other number.
    T beyond_shift(T x) const { return x == shift ? T(0) : x - shift; }
  };

  /// For an op that has prepared `exp_loop`.
  RowBlock(const EvalContext& c, const Rows& rows, const T* x)
      : exp_(c.state<ProgramLoop>()), machine_(c.machine()), rows_(rows), x_(x) {}

  /// Whether blocks have to be of rows that lie side by side.
  static bool is_side_by_side(const Rows& rows) { return rows.stride >= few_side_by_side; }

  /// Finds shift and sum of `count` rows from `first` on. Unless it is null, `keep`, which is laid
  /// out like x, receives exp(x − shift).
  void sum_exp(std::int64_t first, std::int64_t count, T* keep);
  /// Replaces the sums by their reciprocals.
  void invert() {
    for (std::int64_t i = 0; i < count_; ++i) {
      T& sum = sum_[static_cast<std::size_t>(i)];
      sum = 1 / sum;
    }
  }
  /// Replaces the sums by their logarithms.
  void take_logs() { machine_.apply(Primitive::log, sum_.data(), nullptr, sum_.data(), count_); }
  Row row(std::int64_t i) const {
    const auto at = static_cast<std::size_t>(i);
    return {begin_[at], shift_[at], sum_[at]};
  }
  /// Calls `visit(row, offset)` for all elements, in memory order.
  template <class Visit>
  void each(Visit visit) const {
    each(0, rows_.length,
         [&](const Row& r, std::int64_t offset, std::int64_t) { visit(r, offset); });
  }
  /// The same, as `visit(row, offset, x − shift)`.
  template <class Visit>
  void each_shifted(Visit visit) const {
    each_shifted(0, rows_.length, [&](const Row& r, std::int64_t offset, std::int64_t, T shifted) {
      visit(r, offset, shifted);
    });
  }

 private:
  /// Calls `visit(row, offset, i)` for elements [from, to) of the rows; `i` is the place in a piece
  /// that holds these elements of the first row, then those of the next, or, for rows side by side,
  /// the first of these elements of each row, then the next ones.
  template <class Visit>
  void each(std::int64_t from, std::int64_t to, Visit visit) const;
  /// The same, as `visit(row, offset, i, x − shift)`: rows with finite maxima do not pay for the
  /// others.
  template <class Visit>
  void each_shifted(std::int64_t from, std::int64_t to, Visit visit) const {
    if (unbounded_)
      each(from, to, [&, x = x_](const Row& r, std::int64_t offset, std::int64_t i) {
        visit(r, offset, i, r.beyond_shift(x[offset]));
      });
    else
      each(from, to, [&, x = x_](const Row& r, std::int64_t offset, std::int64_t i) {
        visit(r, offset, i, x[offset] - r.shift);
      });
  }
  void find_shifts();
  /// Adds elements [from, from + n) of the rows, which are in the piece, to the sums.
  void sum_piece(std::int64_t from, std::int64_t n);
  /// The same as `sum_exp` for a single row of adjacent elements with a finite shift.
  void sum_row(std::size_t i, T* keep);

  const ProgramLoop& exp_;
  const Machine& machine_;
  const Rows& rows_;
  const T* x_;
  std::int64_t count_ = 0;
  bool unbounded_ = false;  ///< a row contains ∞, which is then its shift
  std::array<std::int64_t, room> begin_;
  std::array<T, room> shift_, sum_, piece_;
  SumsSideBySide<T> side_by_side_;
};

template <class T>
template <class Visit>
void RowBlock<T>::each(std::int64_t from, std::int64_t to, Visit visit) const {
  const std::int64_t n = to - from;
  if (rows_.stride == 1) {
    run_vectorized(
        machine_, [&]() __attribute__((always_inline)) {
          for (std::int64_t i = 0; i < count_; ++i) {
            const Row r = row(i);
            for (std::int64_t k = 0; k < n; ++k) visit(r, r.begin + from + k, i * n + k);
          }
        });
  } else if (is_side_by_side(rows_)) {
    const std::int64_t begin = begin_[0];
    for (std::int64_t k = 0; k < n; ++k) {
      const std::int64_t at = begin + (from + k) * rows_.stride;
      for (std::int64_t i = 0; i < count_; ++i)
        visit(
            Row{begin + i, shift_[static_cast<std::size_t>(i)], sum_[static_cast<std::size_t>(i)]},
            at + i, k * count_ + i);
    }
  } else {
    for (std::int64_t k = 0; k < n; ++k)
      for (std::int64_t i = 0; i < count_; ++i) {
        const Row r = row(i);
        visit(r, r.begin + (from + k) * rows_.stride, i * n + k);
      }
  }
}

template <class T>
void RowBlock<T>::find_shifts() {  // ignores NaN, which makes the sum NaN later
  constexpr T none = -std::numeric_limits<T>::infinity();
  const auto larger = [](T a, T b) { return b > a ? b : a; };
  T* const shifts = shift_.data();
  std::fill_n(shifts, count_, none);
  if (rows_.stride == 1) {
    for (std::int64_t i = 0; i < count_; ++i)
      shifts[i] =
          fold(machine_, x_ + begin_[static_cast<std::size_t>(i)], rows_.length, none, larger);
  } else if (is_side_by_side(rows_)) {
    for (std::int64_t k = 0; k < rows_.length; ++k) {
      const T* const x = x_ + begin_[0] + k * rows_.stride;
      for (std::int64_t i = 0; i < count_; ++i) shifts[i] = larger(shifts[i], x[i]);
    }
  } else {
    for (std::int64_t i = 0; i < count_; ++i)
      for (std::int64_t k = 0; k < rows_.length; ++k)
        shifts[i] = larger(shifts[i], x_[begin_[static_cast<std::size_t>(i)] + k * rows_.stride]);
  }
  unbounded_ = false;
  for (std::int64_t i = 0; i < count_; ++i) {
    if (shifts[i] == none) shifts[i] = 0;
    unbounded_ = unbounded_ || std::isinf(shifts[i]);
  }
}

template <class T>
void RowBlock<T>::sum_exp(std::int64_t first, std::int64_t count, T* keep) {
  count_ = count;
  for (std::int64_t i = 0; i < count; ++i) {
    begin_[static_cast<std::size_t>(i)] = rows_.begin(first + i);
    sum_[static_cast<std::size_t>(i)] = 0;
  }
  find_shifts();
  if (rows_.stride == 1 && rows_.length >= row_of_its_own && !unbounded_) {
    for (std::int64_t i = 0; i < count; ++i) sum_row(static_cast<std::size_t>(i), keep);
    return;
  }
  T* const piece = piece_.data();
  const std::int64_t width = std::min(rows_.length, room / count);
  for (std::int64_t from = 0; from < rows_.length; from += width) {
    const std::int64_t to = std::min(from + width, rows_.length), n = to - from;
    each_shifted(from, to,
                 [&](const Row&, std::int64_t, std::int64_t i, T shifted) { piece[i] = shifted; });
    run_exp(exp_, piece, T(0), piece, count * n);
    sum_piece(from, n);
    if (keep != nullptr)
      each(from, to,
           [&](const Row&, std::int64_t offset, std::int64_t i) { keep[offset] = piece[i]; });
  }
}

template <class T>
void RowBlock<T>::sum_piece(std::int64_t from, std::int64_t n) {
  const T* const piece = piece_.data();
  if (!is_side_by_side(rows_)) {
    for (std::int64_t i = 0; i < count_; ++i)
      sum_[static_cast<std::size_t>(i)] +=
          fold(piece + i * n, n, T(0), [](T a, T b) { return a + b; });
    return;
  }
  for (std::int64_t k = 0; k < n; ++k) {  // in the parts of `room` elements that `sum_row` adds
    const std::int64_t at = (from + k) % room,
                       in_part = std::min(room, rows_.length - from - k + at);
    if (at == 0) side_by_side_.start(count_, in_part);
    side_by_side_.add(piece + k * count_);
    if (at + 1 == in_part) side_by_side_.finish(sum_.data());
  }
}

template <class T>
void RowBlock<T>::sum_row(std::size_t i, T* keep) {
  for (std::int64_t from = 0; from < rows_.length; from += room) {
    const std::int64_t at = begin_[i] + from, n = std::min(room, rows_.length - from);
    T* const to = keep != nullptr ? keep + at : piece_.data();
    run_exp(exp_, x_ + at, shift_[i], to, n);
    sum_[i] += fold(machine_, to, n, T(0), [](T a, T b) { return a + b; });
  }
}

/// Calls `visit(block, first, count)` for all rows, on the pool, in blocks that depend on the shape
/// alone. For ops that have prepared `exp_loop`.
template <class T, class Visit>
void for_row_blocks(const EvalContext& c, const Rows& rows, const T* x, Visit visit) {
  using Block = RowBlock<T>;
  constexpr std::int64_t task = 16384;  // elements
  const std::int64_t length = std::max<std::int64_t>(rows.length, 1);
  const bool side_by_side = Block::is_side_by_side(rows);
  const std::int64_t most =
      side_by_side ? Block::most_side_by_side : std::max<std::int64_t>(1, Block::room / length);
  // Blocks of rows that lie side by side do not go on in the next group of rows.
  const std::int64_t group = side_by_side ? rows.stride : std::max<std::int64_t>(rows.count, 1);
  const std::int64_t blocks = (group + most - 1) / most;
  c.parallel.ranges(rows.count / group * blocks, 1 + task / (most * length),
                    [&](std::int64_t begin, std::int64_t end) {
                      Block block(c, rows, x);
                      for (std::int64_t i = begin; i < end; ++i) {
                        const std::int64_t first = i % blocks * most;
                        visit(block, i / blocks * group + first, std::min(most, group - first));
                      }
                    });
}

/// Throws ArgumentError for the first index outside of [0, classes), naming it and its position.
void check_indices(const View& indices, std::int64_t classes);
/// Element `i` of an int32 or int64 tensor.
std::int64_t index_at(const View& indices, std::int64_t i);

}  // namespace dagrad
