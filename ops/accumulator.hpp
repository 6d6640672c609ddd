#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "ops/folds.hpp"
#include "ops/reduction.hpp"
#include "ops/row_sums.hpp"
#include "ops/vectors.hpp"

/// Folding elements into one number for each result.
namespace dagrad {

/// How elements are read before they are folded: one by one, as `read(x[i])`; or many at a time, by
/// `read.terms(x, n, centre, step, to)`, which writes the term of x[i] to to[i] and uses centre[i *
/// step], the centre of its result, unless `read.centre` is null.
template <class Read>
concept ReadsTerms = requires {
  &Read::terms;
};

/// Elements as they are.
template <class Acc>
struct Widen {
  template <class In>
  [[gnu::always_inline]] Acc operator()(In x) const {
    return static_cast<Acc>(x);
  }
};

/// Folds rows of `width` elements, `stride` apart, into `to`, four rows at a time: this saves
/// memory traffic and rounding errors.
template <class Fold, class In, class Read>
[[gnu::always_inline]] inline void fold_rows_inline(typename Fold::Acc* to, const In* x,
                                                    std::int64_t rows, std::int64_t stride,
                                                    std::int64_t width, const Read& read) {
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const In *a = x + row * stride, *b = a + stride, *c = b + stride, *d = c + stride;
    for (std::int64_t j = 0; j < width; ++j) {
      to[j] = Fold::join(to[j], Fold::join(Fold::join(read(a[j]), read(b[j])),
                                           Fold::join(read(c[j]), read(d[j]))));
    }
  }
  for (; row < rows; ++row) {
    for (std::int64_t j = 0; j < width; ++j) to[j] = Fold::join(to[j], read(x[row * stride + j]));
  }
}

template <class Fold, class In, class Read>
void fold_rows(typename Fold::Acc* to, const In* x, std::int64_t rows, std::int64_t stride,
               std::int64_t width, const Read& read) {
  fold_rows_inline<Fold>(to, x, rows, stride, width, read);
}

/// Whether floats are summed as they are.
template <class Fold, class In, class Read>
constexpr bool sums_floats = std::is_floating_point_v<In>&& std::is_same_v<Fold, SumFold<In>>&&
    std::is_same_v<Read, Widen<In>>;

/// Folds n numbers into the first, in pairs of neighbours.
template <class Fold, std::int64_t n>
void fold_neighbours(typename Fold::Acc* x) {
  if constexpr (n > 1) {
    typename Fold::Acc even[n / 2], odd[n / 2];  // side by side, so that pairs are vectorised
    for (std::int64_t i = 0; i < n / 2; ++i) even[i] = x[2 * i], odd[i] = x[2 * i + 1];
    for (std::int64_t i = 0; i < n / 2; ++i) even[i] = Fold::join(even[i], odd[i]);
    if constexpr (n > 2) fold_neighbours<Fold, n / 2>(even);
    x[0] = even[0];
  }
}

/// Partial results, one lane for each column of a row. As in cascade summation they climb levels:
/// after a number of rows, a level is folded into the next and starts anew, so rounding errors grow
/// only with the logarithm of the number of rows.
template <class Fold>
class Cascade {
 public:
  using Acc = typename Fold::Acc;
  static constexpr std::int64_t lanes = 128 / static_cast<std::int64_t>(sizeof(Acc));
  static constexpr std::int64_t most =
      ReductionSplit::tile_bytes / static_cast<std::int64_t>(sizeof(Acc));
  static constexpr std::int64_t rows_at_most = 256;  ///< that are folded into a level

  void begin(std::int64_t width) {
    width_ = width;
    rows_ = 0;
    climbed_.fill(0);
    std::fill_n(level_[0], width, Fold::identity);
  }
  /// The lanes to fold at most `room()` rows into, which are then counted.
  Acc* lowest() { return level_[0]; }
  std::int64_t room() const { return rows_at_most - rows_; }
  void count(std::int64_t rows) {
    rows_ += rows;
    if (rows_ == rows_at_most) climb();
  }
  /// The result of one of `groups` adjacent groups.
  void finish(std::int64_t groups, Acc* to) {
    for (std::size_t level = 1; level < levels; ++level)
      if (climbed_[level - 1] > 0) fold_row(level_[0], level_[level]);
    fold_groups(level_[0], groups, width_ / groups);
    std::copy_n(level_[0], width_ / groups, to);
  }

  /// Folds adjacent groups of `width` numbers into the first, in pairs of neighbours.
  /// A width that is an integral_constant is known to the compiler.
  template <class Width>
  static void fold_groups(Acc* x, std::int64_t groups, Width width) {
    if (width == 1 && groups == lanes) return fold_neighbours<Fold, lanes>(x);
    for (; groups > 1; groups = (groups + 1) / 2) {
      for (std::int64_t g = 0; g < groups / 2; ++g) {
        const auto *a = x + 2 * g * width, *b = a + width;
        for (std::int64_t j = 0; j < width; ++j) x[g * width + j] = Fold::join(a[j], b[j]);
      }
      if (groups % 2 == 1) std::copy_n(x + (groups - 1) * width, width, x + groups / 2 * width);
    }
  }

 private:
  static constexpr std::size_t levels = 3;
  static constexpr std::int64_t climbs_at_most = 64;

  void fold_row(Acc* to, const Acc* from) const {
    for (std::int64_t j = 0; j < width_; ++j) to[j] = Fold::join(to[j], from[j]);
  }
  void climb() {
    rows_ = 0;
    for (std::size_t level = 0; level + 1 < levels; ++level) {
      if (climbed_[level]++ == 0) std::fill_n(level_[level + 1], width_, Fold::identity);
      fold_row(level_[level + 1], level_[level]);
      std::fill_n(level_[level], width_, Fold::identity);
      if (climbed_[level] % climbs_at_most != 0) return;
    }
  }

  std::int64_t width_ = 1, rows_ = 0;
  std::array<std::int64_t, levels> climbed_{};
  Acc level_[levels][most];
};

/// Folds rows of bools to ints in bytes, as long as these hold the result. Ints are the same in any
/// order.
template <class Fold>
class FoldInBytes {
 public:
  using Acc = typename Fold::Acc;

  void begin(std::int64_t width) {
    width_ = width;
    clear();
  }
  /// Folds rows into the bytes and, if these are full, the bytes into `lanes`.
  void fold(const std::uint8_t* x, std::int64_t rows, std::int64_t stride, std::int64_t width,
            Acc* lanes) {
    while (rows > 0) {
      const std::int64_t n = std::min(rows, rows_at_most - rows_);
      fold_rows<InBytes>(folded_, x, n, stride, width, Widen<std::uint8_t>());
      rows_ += n, rows -= n, x += n * stride;
      if (rows_ == rows_at_most) add_to(lanes), clear();
    }
  }
  void add_to(Acc* lanes) const {
    for (std::int64_t j = 0; j < width_; ++j) lanes[j] = Fold::join(lanes[j], folded_[j]);
  }

 private:
  using InBytes = typename Fold::InBytes;
  static constexpr std::int64_t rows_at_most = std::numeric_limits<std::uint8_t>::max();

  void clear() {
    rows_ = 0;
    std::fill_n(folded_, width_, InBytes::identity);
  }

  std::int64_t width_ = 1, rows_ = 0;
  std::uint8_t folded_[Cascade<Fold>::most];
};

/// The kernel of a reduction to one number: folds elements, as `read` gives them, with
/// `Fold::join`.
template <class Fold, class Element, class Read>
class Accumulator {
 public:
  using In = Element;
  using Result = typename Fold::Acc;
  static constexpr std::size_t parts = 1;

  /// `wide` says that floats may be summed with vectors of 32 bytes.
  Accumulator(const ReductionSpace& space, const Read& read, bool wide = false)
      : space_(space), read_(read), wide_(wide) {}

  /// The number of rows that are folded at once: of more, add a multiple.
  static std::int64_t rows_folded_together(const ReductionSpace& space, std::int64_t width) {
    return 4 * RowPacking(space, width, lanes).together;
  }

  void begin(const ReductionSplit::Unit& unit, std::int64_t /*first*/) {
    packing_ = RowPacking(space_, unit.width, lanes);
    cascade_.begin(packing_.width);
    if constexpr (in_bytes) bytes_.begin(packing_.width);
    if constexpr (ReadsTerms<Read>)
      if (read_.centre != nullptr) repeat(read_.centre + unit.result);
  }
  /// Is called from several places, and much code is inlined into it.
  [[gnu::noinline]] void add(const In* x, std::int64_t rows) {
    std::int64_t left = packing_.together == lanes ? rows / lanes : rows / packing_.together;
    const std::int64_t rest = rows - left * packing_.together;  // too few to be folded together
    while (left > 0 || rest > 0) {  // a single call of `fold`, so that it is inlined
      const bool is_rest = left == 0;
      const std::int64_t n = is_rest ? 1 : std::min(left, cascade_.room());
      fold(x, n, is_rest ? rest * packing_.columns : packing_.width);
      if (is_rest) return;
      x += n * packing_.stride;
      left -= n;
    }
  }
  void finish(const std::array<Result*, 1>& to) {
    if constexpr (in_bytes) bytes_.add_to(cascade_.lowest());
    cascade_.finish(packing_.together, to[0]);
  }
  static void join(std::size_t /*part*/, Result* x, std::int64_t chunks, std::int64_t results) {
    Cascade<Fold>::fold_groups(x, chunks, results);
  }

 private:
  static constexpr std::int64_t lanes = Cascade<Fold>::lanes, most = Cascade<Fold>::most;
  /// Whether bools are folded to int64.
  static constexpr bool in_bytes = std::is_same_v<In, std::uint8_t> && sizeof(Result) > 1;

  /// The centres of all rows that are folded together.
  void repeat(const Result* centre) {
    std::copy_n(centre, packing_.columns, centre_);
    for (std::int64_t j = packing_.columns; packing_.columns > 1 && j < packing_.width; ++j)
      centre_[j] = centre_[j - packing_.columns];
  }
  void fold(const In* x, std::int64_t rows, std::int64_t width) {
    if constexpr (ReadsTerms<Read>)
      fold_terms(x, rows, width);
    else if constexpr (in_bytes)
      bytes_.fold(x, rows, packing_.stride, width, cascade_.lowest());
    else
      fold_direct(x, rows, packing_.stride, width, read_);
    cascade_.count(rows);
  }
  void fold_terms(const In* x, std::int64_t rows, std::int64_t width) {
    const bool one_result = packing_.columns == 1;  // a single centre for all terms
    const std::int64_t at_once = one_result ? std::max<std::int64_t>(1, most / width) : 1;
    for (std::int64_t row = 0; row < rows; row += at_once) {
      const std::int64_t n = std::min(at_once, rows - row);
      read_.terms(x + row * packing_.stride, n * width, centre_, one_result ? 0 : 1, terms_);
      fold_direct(terms_, n, width, width, Widen<Result>());
    }
  }
  template <class T, class Reading>
  void fold_direct(const T* x, std::int64_t rows, std::int64_t stride, std::int64_t width,
                   const Reading& read) {
    // In sums of int32, gcc would read the lanes in strides, which takes three times as long.
    constexpr bool strides = std::is_same_v<Fold, SumFold<std::int64_t>> && sizeof(T) == 4;
    Result* const to = cascade_.lowest();
    if (width != lanes || stride != lanes || strides) {
      if constexpr (sums_floats<Fold, T, Reading>)
        if (wide_)
          return run_with_wide_vectors([&]() __attribute__((always_inline)) {
            fold_rows_inline<Fold>(to, x, rows, stride, width, read);
          });
      return fold_rows<Fold>(to, x, rows, stride, width, read);
    }
    std::array<Result, lanes> registers;  // of a width known to the compiler
    std::copy_n(to, lanes, registers.data());
    fold_rows<Fold>(registers.data(), x, rows, lanes, lanes, read);
    std::copy_n(registers.data(), lanes, to);
  }

  const ReductionSpace& space_;
  const Read& read_;
  bool wide_;
  RowPacking packing_;
  Cascade<Fold> cascade_;
  Result centre_[ReadsTerms<Read> ? most : 1], terms_[ReadsTerms<Read> ? most : 1];
  std::conditional_t<in_bytes, FoldInBytes<Fold>, char> bytes_;
};

/// Writes to[first result of the part + i]: the fold of the elements of x, as they are read.
template <class Fold, class In, class Read = Widen<typename Fold::Acc>>
void fold_part(const ReductionPart& part, const In* x, typename Fold::Acc* to,
               const Read& read = {}) {
  part.template fold<Accumulator<Fold, In, Read>>(x, {to + part.first()}, read);
}

/// The most elements of a row that is folded by `fold_short_rows`. For longer ones an Accumulator
/// is as fast.
inline constexpr std::int64_t most_in_short_row = 40;

/// Writes to[i]: the fold of row i of x, for at most `Reducer::short_rows` adjacent rows of
/// `length` elements. Their elements are folded side by side, into the bits that an Accumulator
/// would give.
template <class Fold, class In, class Read = Widen<typename Fold::Acc>>
void fold_short_rows(const In* x, std::int64_t length, std::int64_t rows, typename Fold::Acc* to,
                     const Read& read = {}) {
  constexpr std::int64_t lanes = Cascade<Fold>::lanes;
  static_assert(most_in_short_row < 4 * lanes, "fold_rows would fold four rows together");
  constexpr std::integral_constant<std::int64_t, Reducer::short_rows> together;
  typename Fold::Acc folded[lanes * together];
  std::fill_n(folded, std::min(length, lanes) * together, Fold::identity);
  const auto fold_columns = [&](auto count) {
    for (std::int64_t i = 0; i < length; ++i) {
      auto* const lane = folded + i % lanes * together;
      for (std::int64_t row = 0; row < count; ++row)
        lane[row] = Fold::join(lane[row], read(x[row * length + i]));
    }
  };
  rows == together ? fold_columns(together) : fold_columns(rows);
  Cascade<Fold>::fold_groups(folded, std::min(length, lanes), together);
  std::copy_n(folded, rows, to);
}

/// Sums rows of floats with wide vectors; returns false if they are too short or too long for that
/// to pay.
template <class T>
bool sum_adjacent_rows(const Reducer& reducer, const EvalContext& c, const T* x, T* to) {
  constexpr std::int64_t lanes = Cascade<SumFold<T>>::lanes, least = 8;
  constexpr std::int64_t most = Cascade<SumFold<T>>::rows_at_most * lanes - 1;
  const std::int64_t length = reducer.space().rows;
  if (length < least || !reducer.has_adjacent_rows(most) || !has_wide_vectors(c.machine()))
    return false;
  reducer.each_block(c, Reducer::short_rows, 1, [&](auto first, auto rows) {
    run_with_wide_vectors([&]() __attribute__((always_inline)) {
      sum_rows_by_lanes<lanes, Reducer::short_rows>(x + first * length, length, rows, to + first);
    });
  });
  return true;
}

/// Writes to[result]: the fold of the elements of x that belong to it; the identity if there are
/// none.
template <class Fold, class In, class Read = Widen<typename Fold::Acc>>
void reduce(const Reducer& reducer, const EvalContext& c, const In* x, typename Fold::Acc* to,
            const Read& read = {}) {
  if constexpr (sums_floats<Fold, In, Read>)
    if (sum_adjacent_rows(reducer, c, x, to)) return;
  if constexpr (!ReadsTerms<Read>) {
    if (reducer.has_short_rows(most_in_short_row)) {
      const std::int64_t length = reducer.space().rows;
      return reducer.each_block(c, Reducer::short_rows, 1, [&](auto first, auto rows) {
        fold_short_rows<Fold>(x + first * length, length, rows, to + first, read);
      });
    }
  }
  reducer.fold<Accumulator<Fold, In, Read>>(c, x, {to}, read, has_wide_vectors(c.machine()));
}

/// Folds operand 0, whose elements are `In`s, into result 0.
template <class Fold, class In, class Read = Widen<typename Fold::Acc>>
void fold_into(const EvalContext& c, std::uint32_t axes, const Read& read = {}) {
  using Acc = typename Fold::Acc;
  ScratchLayout layout;
  reduce<Fold>(Reducer(c.in_shape(0), axes, sizeof(Acc), layout), c,
               static_cast<const In*>(c.ins[0].data), static_cast<Acc*>(c.outs[0].data), read);
}

/// The bytes of scratch memory that folding operand 0 into result 0 needs.
std::size_t reduction_scratch(const PlanContext& plan, std::uint32_t axes);

}  // namespace dagrad
