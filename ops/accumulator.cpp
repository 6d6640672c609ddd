#include "ops/accumulator.hpp"

#include <algorithm>

namespace dagrad {

namespace {

/// Folds rows of `width` elements, `stride` apart, into `to`, four rows at a time: this saves
/// memory traffic and rounding errors.
template <class Fold, class Acc = typename Fold::Acc>
void fold_rows(Acc* to, const Acc* x, std::int64_t rows, std::int64_t stride, std::int64_t width) {
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const Acc *a = x + row * stride, *b = a + stride, *c = b + stride, *d = c + stride;
    for (std::int64_t j = 0; j < width; ++j)
      to[j] = Fold::join(to[j], Fold::join(Fold::join(a[j], b[j]), Fold::join(c[j], d[j])));
  }
  for (; row < rows; ++row)
    for (std::int64_t j = 0; j < width; ++j) to[j] = Fold::join(to[j], x[row * stride + j]);
}

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

/// Folds adjacent groups of `width` numbers into the first, in pairs of neighbours. A width that is
/// an integral_constant is known to the compiler.
template <class Fold, class Width>
void fold_groups(typename Fold::Acc* x, std::int64_t groups, Width width) {
  constexpr std::int64_t lanes = fold_lanes<typename Fold::Acc>;
  if (width == 1 && groups == lanes) return fold_neighbours<Fold, lanes>(x);
  for (; groups > 1; groups = (groups + 1) / 2) {
    for (std::int64_t g = 0; g < groups / 2; ++g) {
      const auto *a = x + 2 * g * width, *b = a + width;
      for (std::int64_t j = 0; j < width; ++j) x[g * width + j] = Fold::join(a[j], b[j]);
    }
    if (groups % 2 == 1) std::copy_n(x + (groups - 1) * width, width, x + groups / 2 * width);
  }
}

/// Partial results, one lane for each column of a row. As in cascade summation they climb levels:
/// after a number of rows, a level is folded into the next and starts anew, so rounding errors grow
/// only with the logarithm of the number of rows.
template <class Fold>
class Cascade {
 public:
  using Acc = typename Fold::Acc;
  static constexpr std::int64_t most =
      ReductionSplit::tile_bytes / static_cast<std::int64_t>(sizeof(Acc));

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
    fold_groups<Fold>(level_[0], groups, width_ / groups);
    std::copy_n(level_[0], width_ / groups, to);
  }

 private:
  static constexpr std::size_t levels = 3;
  static constexpr std::int64_t rows_at_most = 256, climbs_at_most = 64;

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

/// The kernel of a reduction to one number: folds terms with `Fold::join`.
template <class Fold>
class Accumulator {
 public:
  using Result = typename Fold::Acc;
  using In = Terms<Result>;
  static constexpr std::size_t parts = 1;

  Accumulator(const ReductionSpace& space, const Result* centre)
      : space_(space), centre_of_results_(centre) {}

  void begin(const ReductionSplit::Unit& unit, std::int64_t /*first*/) {
    packing_ = RowPacking(space_, unit.width, lanes);
    cascade_.begin(packing_.width);
    if (centre_of_results_ != nullptr) repeat(centre_of_results_ + unit.result);
  }
  void add(In x, std::int64_t rows) {
    std::int64_t left = packing_.together == lanes ? rows / lanes : rows / packing_.together;
    const std::int64_t rest = rows - left * packing_.together;  // too few to be folded together
    while (left > 0 || rest > 0) {  // a single call of `fold`, so that it is inlined
      const bool is_rest = left == 0;
      const std::int64_t n = is_rest ? 1 : std::min(left, cascade_.room());
      fold(x, n, is_rest ? rest * packing_.columns : packing_.width);
      if (is_rest) return;
      x = x + n * packing_.stride;
      left -= n;
    }
  }
  void finish(const std::array<Result*, 1>& to) { cascade_.finish(packing_.together, to[0]); }
  static void join(std::size_t /*part*/, Result* x, std::int64_t chunks, std::int64_t results) {
    fold_groups<Fold>(x, chunks, results);
  }

 private:
  static constexpr std::int64_t lanes = fold_lanes<Result>, most = Cascade<Fold>::most;

  /// The centres of all rows that are folded together.
  void repeat(const Result* centre) {
    std::copy_n(centre, packing_.columns, centre_);
    for (std::int64_t j = packing_.columns; packing_.columns > 1 && j < packing_.width; ++j)
      centre_[j] = centre_[j - packing_.columns];
  }
  void fold(const In& x, std::int64_t rows, std::int64_t width) {
    if (x.elements() != nullptr)
      fold_elements(cascade_.lowest(), x.elements(), rows, packing_.stride, width);
    else
      fold_terms(x, rows, width);
    cascade_.count(rows);
  }
  /// Computes the terms of a few rows and columns at a time, so that they stay in the cache; of
  /// four rows at least, which are then folded as elements would be.
  void fold_terms(const In& x, std::int64_t rows, std::int64_t width) {
    for (std::int64_t column = 0; column < width; column += most / 4) {
      const std::int64_t columns = std::min(width - column, most / 4);
      const std::int64_t at_once = most / columns / 4 * 4;
      for (std::int64_t row = 0; row < rows; row += at_once) {
        const std::int64_t n = std::min(at_once, rows - row);
        write_terms(x + (row * packing_.stride + column), n, column, columns);
        fold_elements(cascade_.lowest() + column, terms_, n, columns, columns);
      }
    }
  }
  void write_terms(const In& x, std::int64_t rows, std::int64_t column, std::int64_t columns) {
    const bool one_centre = packing_.columns == 1 || x.centre() == nullptr;
    if (one_centre && packing_.stride == columns)
      return x.write(rows * columns, centre_, 0, terms_);
    for (std::int64_t row = 0; row < rows; ++row)
      (x + row * packing_.stride)
          .write(columns, centre_ + (one_centre ? 0 : column), one_centre ? 0 : 1,
                 terms_ + row * columns);
  }
  static void fold_elements(Result* to, const Result* x, std::int64_t rows, std::int64_t stride,
                            std::int64_t width) {
    if (width != lanes || stride != lanes) return fold_rows<Fold>(to, x, rows, stride, width);
    std::array<Result, lanes> registers;  // of a width known to the compiler
    std::copy_n(to, lanes, registers.data());
    fold_rows<Fold>(registers.data(), x, rows, lanes, lanes);
    std::copy_n(registers.data(), lanes, to);
  }

  const ReductionSpace& space_;
  const Result* const centre_of_results_;
  RowPacking packing_;
  Cascade<Fold> cascade_;
  Result centre_[most], terms_[most];
};

}  // namespace

template <class Fold>
void fold_short_rows(Terms<typename Fold::Acc> x, std::int64_t length, std::int64_t rows,
                     typename Fold::Acc* to) {
  using Acc = typename Fold::Acc;
  constexpr std::int64_t lanes = fold_lanes<Acc>;
  static_assert(most_in_short_row < 4 * lanes, "fold_rows would fold four rows together");
  constexpr std::integral_constant<std::int64_t, Reducer::short_rows> together;
  Acc terms[most_in_short_row * together], folded[lanes * together];
  if (x.elements() == nullptr) x.write(rows * length, nullptr, 0, terms);
  const Acc* const from = x.elements() != nullptr ? x.elements() : terms;
  std::fill_n(folded, std::min(length, lanes) * together, Fold::identity);
  const auto fold_columns = [&](auto count) {
    for (std::int64_t i = 0; i < length; ++i) {
      auto* const lane = folded + i % lanes * together;
      for (std::int64_t row = 0; row < count; ++row)
        lane[row] = Fold::join(lane[row], from[row * length + i]);
    }
  };
  rows == together ? fold_columns(together) : fold_columns(rows);
  fold_groups<Fold>(folded, std::min(length, lanes), together);
  std::copy_n(folded, rows, to);
}

template <class Fold>
void fold_terms(const ReductionPart& part, Terms<typename Fold::Acc> x, typename Fold::Acc* to) {
  part.template fold<Accumulator<Fold>>(x, {to + part.first()}, x.centre());
}

template <class Fold>
void fold_terms(const Reducer& reducer, const EvalContext& c, Terms<typename Fold::Acc> x,
                typename Fold::Acc* to) {
  if (x.centre() == nullptr && reducer.has_short_rows(most_in_short_row)) {
    const std::int64_t length = reducer.space().rows;
    return reducer.each_block(c, [&](std::int64_t first, std::int64_t rows) {
      fold_short_rows<Fold>(x + first * length, length, rows, to + first);
    });
  }
  reducer.fold<Accumulator<Fold>>(c, x, {to}, x.centre());
}

// The folds that ops use.
template void fold_terms<SumFold<float>>(const Reducer&, const EvalContext&, Terms<float>, float*);
template void fold_terms<SumFold<double>>(const Reducer&, const EvalContext&, Terms<double>,
                                          double*);
template void fold_terms<SumFold<std::int64_t>>(const Reducer&, const EvalContext&,
                                                Terms<std::int64_t>, std::int64_t*);
template void fold_terms<ProdFold<float>>(const Reducer&, const EvalContext&, Terms<float>, float*);
template void fold_terms<ProdFold<double>>(const Reducer&, const EvalContext&, Terms<double>,
                                           double*);
template void fold_terms<ProdFold<std::int64_t>>(const Reducer&, const EvalContext&,
                                                 Terms<std::int64_t>, std::int64_t*);
template void fold_terms<ExtremumFold<true, float>>(const Reducer&, const EvalContext&,
                                                    Terms<float>, float*);
template void fold_terms<ExtremumFold<true, double>>(const Reducer&, const EvalContext&,
                                                     Terms<double>, double*);
template void fold_terms<ExtremumFold<true, std::int32_t>>(const Reducer&, const EvalContext&,
                                                           Terms<std::int32_t>, std::int32_t*);
template void fold_terms<ExtremumFold<true, std::int64_t>>(const Reducer&, const EvalContext&,
                                                           Terms<std::int64_t>, std::int64_t*);
template void fold_terms<ExtremumFold<false, float>>(const Reducer&, const EvalContext&,
                                                     Terms<float>, float*);
template void fold_terms<ExtremumFold<false, double>>(const Reducer&, const EvalContext&,
                                                      Terms<double>, double*);
template void fold_terms<ExtremumFold<false, std::int32_t>>(const Reducer&, const EvalContext&,
                                                            Terms<std::int32_t>, std::int32_t*);
template void fold_terms<ExtremumFold<false, std::int64_t>>(const Reducer&, const EvalContext&,
                                                            Terms<std::int64_t>, std::int64_t*);
template void fold_terms<QuantifierFold<true>>(const Reducer&, const EvalContext&,
                                               Terms<std::uint8_t>, std::uint8_t*);
template void fold_terms<QuantifierFold<false>>(const Reducer&, const EvalContext&,
                                                Terms<std::uint8_t>, std::uint8_t*);
template void fold_terms<SumFold<float>>(const ReductionPart&, Terms<float>, float*);
template void fold_terms<SumFold<double>>(const ReductionPart&, Terms<double>, double*);
template void fold_terms<ExtremumFold<true, float>>(const ReductionPart&, Terms<float>, float*);
template void fold_terms<ExtremumFold<true, double>>(const ReductionPart&, Terms<double>, double*);
template void fold_short_rows<SumFold<float>>(Terms<float>, std::int64_t, std::int64_t, float*);
template void fold_short_rows<SumFold<double>>(Terms<double>, std::int64_t, std::int64_t, double*);
template void fold_short_rows<ExtremumFold<true, float>>(Terms<float>, std::int64_t, std::int64_t,
                                                         float*);
template void fold_short_rows<ExtremumFold<true, double>>(Terms<double>, std::int64_t, std::int64_t,
                                                          double*);

}  // namespace dagrad
