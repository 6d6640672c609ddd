#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "dagrad/eval.hpp"
#include "dagrad/shape.hpp"

/// The one way in which ops walk a tensor to fold many elements into few. A fold says what it
/// does to two elements; the walk, its order and its split over threads depend on shapes alone, so
/// that results have the same bits on every processor and any number of threads.
namespace dagrad {

/// A tensor as a reduction sees it: neighbouring axes that are both kept or both reduced are one,
/// axes of 1 are gone. Innermost lie rows of `columns` elements that go to results of their own;
/// `run` such rows follow each other and go to the same results; `kept` and `reduced` axes lie
/// around.
class ReductionSpace {
 public:
  /// Bit i of `axes`: axis i is reduced.
  ReductionSpace(const Shape& shape, std::uint32_t axes);

  std::int64_t columns = 1, run = 1;
  std::int64_t groups = 1;  ///< of results: all but the columns
  std::int64_t rows = 1;    ///< that go to one group: all runs together
  std::int64_t results() const { return groups * columns; }
  /// Element where a group begins, and how far run `i` of a group lies behind that.
  std::int64_t group_offset(std::int64_t group) const { return kept_.offset(group); }
  std::int64_t run_offset(std::int64_t i) const { return reduced_.offset(i); }

 private:
  /// Axes, innermost first.
  struct Axes {
    int rank = 0;
    std::array<std::int64_t, max_rank> size{}, stride{};
    std::int64_t offset(std::int64_t at) const;
  };
  Axes kept_, reduced_;
};

/// How a reduction is cut into units that may run at once: columns into tiles, rows into chunks
/// whose results are folded in a tree afterwards.
struct ReductionSplit {
  /// Rows of one group, and a tile of its columns.
  struct Unit {
    std::int64_t chunk;          ///< which part of the group's rows
    std::int64_t result, width;  ///< its first result, and how many there are
    std::int64_t offset;         ///< of the element where the tile begins in the group
    std::int64_t first, last;    ///< rows of the group
  };

  ReductionSplit(const ReductionSpace& space, std::size_t result_size);
  std::int64_t units(const ReductionSpace& space) const { return space.groups * tiles * chunks; }
  Unit unit(const ReductionSpace& space, std::int64_t i) const;
  /// Bytes that partial results of chunks need.
  std::size_t scratch = 0;
  std::int64_t tile = 1, tiles = 1;
  std::int64_t chunk = 1, chunks = 1;
  std::int64_t grain = 1;  ///< units of a task
};

/// Calls `visit(offset, rows)` for the runs of a unit: where the first of so many rows lies, each
/// `space.columns` behind the one before it.
template <class Visit>
void each_run(const ReductionSpace& space, const ReductionSplit::Unit& unit, Visit visit) {
  if (space.run == space.rows && unit.first < unit.last)
    return visit(unit.offset + unit.first * space.columns, unit.last - unit.first);
  for (std::int64_t row = unit.first; row < unit.last;) {
    const std::int64_t n = std::min(space.run - row % space.run, unit.last - row);
    visit(unit.offset + space.run_offset(row / space.run) + row % space.run * space.columns, n);
    row += n;
  }
}

/// What a fold does: `Acc join(Acc, Acc)`, associative up to rounding, with its `identity`;
/// elements of type In become an Acc by `widen`, or by `terms(x, centre, step, n, to)` many at a
/// time.
template <class F>
concept TermFold = requires {
  &F::terms;
};
/// One whose terms depend on what was computed before for their result: that is its `centre`.
template <class F>
concept CentredFold = TermFold<F> && requires(const F& fold) {
  fold.centre;
};

namespace detail {

constexpr std::int64_t lane_bytes = 128;
constexpr std::int64_t tile_bytes = 1 << 14;
constexpr std::int64_t fold_rows_at_most = 256;  // before a level is folded into the next

/// Folds `rows` rows of `width` elements into `to`. Four rows at a time: less traffic, less
/// rounding.
template <class F, class T>
void fold_rows(typename F::Acc* to, const T* x, std::int64_t rows, std::int64_t stride,
               std::int64_t width) {
  const auto at = [](const T& element) { return F::widen(element); };
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const T *a = x + row * stride, *b = a + stride, *c = b + stride, *d = c + stride;
    for (std::int64_t j = 0; j < width; ++j) {
      to[j] = F::join(to[j], F::join(F::join(at(a[j]), at(b[j])), F::join(at(c[j]), at(d[j]))));
    }
  }
  for (; row < rows; ++row) {
    for (std::int64_t j = 0; j < width; ++j) to[j] = F::join(to[j], at(x[row * stride + j]));
  }
}
/// The same for rows of one width known to the compiler, which lie side by side.
template <class F, std::int64_t width, class T>
void fold_lanes(typename F::Acc* to, const T* x, std::int64_t rows) {
  std::array<typename F::Acc, width> lanes;
  std::copy_n(to, width, lanes.data());
  fold_rows<F>(lanes.data(), x, rows, width, width);
  std::copy_n(lanes.data(), width, to);
}
/// Folds n results, side by side, into the first: neighbours first.
template <class F, std::int64_t n>
void fold_neighbours(typename F::Acc* x) {
  if constexpr (n > 1) {
    for (std::int64_t i = 0; i < n / 2; ++i) x[i] = F::join(x[2 * i], x[2 * i + 1]);
    fold_neighbours<F, n / 2>(x);
  }
}
/// Folds `groups` groups of `width` results, side by side, into the first: neighbours first.
template <class F>
void fold_groups(typename F::Acc* x, std::int64_t groups, std::int64_t width) {
  constexpr std::int64_t lanes = lane_bytes / static_cast<std::int64_t>(sizeof(typename F::Acc));
  if (width == 1 && groups == lanes) return fold_neighbours<F, lanes>(x);
  for (; groups > 1; groups = (groups + 1) / 2) {
    for (std::int64_t g = 0; g < groups / 2; ++g) {
      const auto *a = x + 2 * g * width, *b = a + width;
      for (std::int64_t j = 0; j < width; ++j) x[g * width + j] = F::join(a[j], b[j]);
    }
    if (groups % 2 == 1) std::copy_n(x + (groups - 1) * width, width, x + groups / 2 * width);
  }
}

/// Folds rows into as many lanes as they have columns, narrow rows several at a time. Partial
/// results climb three levels, so that rounding errors grow with the logarithm of the number of
/// rows.
template <class F>
class Accumulator {
 public:
  using In = typename F::In;
  using Acc = typename F::Acc;
  static constexpr std::int64_t lanes = lane_bytes / static_cast<std::int64_t>(sizeof(Acc));

  /// Rows lie `stride` apart, of which `run` follow each other at most.
  Accumulator(const F& fold, std::int64_t stride, std::int64_t run)
      : fold_(fold), row_stride_(stride), run_(run) {}

  /// Starts anew with rows of `columns` elements, for the results from `result` on.
  void begin(std::int64_t result, std::int64_t columns) {
    columns_ = columns;
    const bool narrow = columns == row_stride_ && columns < lanes;
    together_ = narrow ? std::max<std::int64_t>(1, std::min(lanes / columns, run_)) : 1;
    width_ = together_ * columns;
    stride_ = together_ * row_stride_;
    std::fill_n(level_[0], width_, F::identity);
    used_ = 0;
    flushed_.fill(0);
    if constexpr (CentredFold<F>) {
      for (std::int64_t j = 0; j < columns_; ++j) centre_[j] = fold_.centre[result + j];
      for (std::int64_t j = columns_; columns_ > 1 && j < width_; ++j)
        centre_[j] = centre_[j - columns_];
    }
  }
  void add(const In* x, std::int64_t rows) {
    for (std::int64_t left = rows / together_; left > 0;) {
      const std::int64_t n = std::min(left, fold_rows_at_most - used_);
      fold(x, n, width_);
      count(n);
      x += n * stride_;
      left -= n;
    }
    if (const std::int64_t rest = rows % together_; rest > 0) {
      fold(x, 1, rest * columns_);
      count(1);
    }
  }
  void finish(Acc* to) {
    for (std::size_t level = 1; level < levels; ++level) {
      if (flushed_[level - 1] > 0) fold_rows<Plain>(level_[0], level_[level], 1, 0, width_);
    }
    fold_groups<F>(level_[0], together_, columns_);
    std::copy_n(level_[0], columns_, to);
  }

 private:
  static constexpr std::size_t levels = 3;
  static constexpr std::int64_t most = tile_bytes / static_cast<std::int64_t>(sizeof(Acc));
  /// The fold of results with results.
  struct Plain {
    using Acc = typename F::Acc;
    static Acc widen(Acc x) { return x; }
    static Acc join(Acc a, Acc b) { return F::join(a, b); }
  };

  void fold(const In* x, std::int64_t rows, std::int64_t width) {
    if constexpr (TermFold<F>) {
      const bool scalar = columns_ == 1;  // one centre for whatever number of terms
      const std::int64_t at_once = scalar ? std::max<std::int64_t>(1, most / width) : 1;
      for (std::int64_t row = 0; row < rows; row += at_once) {
        const std::int64_t n = std::min(at_once, rows - row);
        fold_.terms(x + row * stride_, centre_, scalar ? 0 : 1, n * width, terms_);
        fold_direct<Plain>(terms_, n, width, width);
      }
    } else {
      fold_direct<F>(x, rows, stride_, width);
    }
  }
  template <class G, class T>
  void fold_direct(const T* x, std::int64_t rows, std::int64_t stride, std::int64_t width) {
    if (width == lanes && stride == lanes)
      fold_lanes<G, lanes>(level_[0], x, rows);
    else
      fold_rows<G>(level_[0], x, rows, stride, width);
  }
  void count(std::int64_t rows) {
    used_ += rows;
    if (used_ < fold_rows_at_most) return;
    used_ = 0;
    for (std::size_t level = 0; level + 1 < levels; ++level) {
      if (flushed_[level]++ == 0) std::fill_n(level_[level + 1], width_, F::identity);
      fold_rows<Plain>(level_[level + 1], level_[level], 1, 0, width_);
      std::fill_n(level_[level], width_, F::identity);
      if (flushed_[level] % 64 != 0) return;
    }
  }

  const F& fold_;
  const std::int64_t row_stride_, run_;
  std::int64_t columns_ = 1, together_ = 1, width_ = 1, stride_ = 1;
  std::int64_t used_ = 0;
  std::array<std::int64_t, levels> flushed_{};
  Acc level_[levels][most];
  std::conditional_t<CentredFold<F>, Acc[most], Acc[1]> centre_;
  std::conditional_t<TermFold<F>, Acc[most], Acc[1]> terms_;
};

}  // namespace detail

/// to[unit.result + j] = fold of the elements of x that the unit sends there.
template <class F>
void fold_unit(const ReductionSpace& space, const ReductionSplit::Unit& unit,
               detail::Accumulator<F>& sum, const typename F::In* x, typename F::Acc* to) {
  sum.begin(unit.result, unit.width);
  each_run(space, unit, [&](std::int64_t offset, std::int64_t n) { sum.add(x + offset, n); });
  sum.finish(to + unit.result);
}

/// to[result] = fold of the elements of x that go there; its identity where there are none.
/// `scratch` has as many bytes as the split of this space asks for.
template <class F>
void reduce(const ReductionSpace& space, const Parallel& parallel, const F& fold,
            const typename F::In* x, typename F::Acc* to, void* scratch) {
  using Acc = typename F::Acc;
  const ReductionSplit split(space, sizeof(Acc));
  Acc* const partial = split.chunks > 1 ? static_cast<Acc*>(scratch) : to;
  parallel.ranges(split.units(space), split.grain, [&](std::int64_t begin, std::int64_t end) {
    detail::Accumulator<F> sum(fold, space.columns, space.run);
    for (std::int64_t i = begin; i < end; ++i) {
      const ReductionSplit::Unit unit = split.unit(space, i);
      fold_unit(space, unit, sum, x, partial + unit.chunk * space.results());
    }
  });
  if (split.chunks == 1) return;
  detail::fold_groups<F>(partial, split.chunks, space.results());
  std::copy_n(partial, space.results(), to);
}

/// Folds operand 0 into result 0.
template <class Fold>
void fold_into(const EvalContext& c, std::uint32_t axes, const Fold& fold = {}) {
  reduce(ReductionSpace(c.in_shape(0), axes), c.parallel, fold,
         static_cast<const typename Fold::In*>(c.ins[0].data),
         static_cast<typename Fold::Acc*>(c.outs[0].data), c.scratch());
}

/// position[result] = the first place among its elements of x for which `hit(element, result)`
/// holds, -1 where there is none.
template <class T, class Hit>
void find_first(const ReductionSpace& space, const Parallel& parallel, const T* x,
                std::int64_t* position, Hit hit) {
  const std::int64_t grain =
      std::max<std::int64_t>(1, (1 << 15) / (space.rows * space.columns + 1));
  parallel.ranges(space.groups, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t group = begin; group < end; ++group) {
      const T* const start = x + space.group_offset(group);
      const std::int64_t first = group * space.columns;
      std::int64_t* const found = position + first;
      std::int64_t missing = space.columns;
      std::fill_n(found, space.columns, -1);
      for (std::int64_t i = 0; missing > 0 && i * space.run < space.rows; ++i) {
        const T* row = start + space.run_offset(i);
        for (std::int64_t r = 0; r < space.run && missing > 0; ++r, row += space.columns) {
          for (std::int64_t j = 0; j < space.columns; ++j) {
            if (found[j] >= 0 || !hit(row[j], first + j)) continue;
            found[j] = i * space.run + r;
            --missing;
          }
        }
      }
    }
  });
}

/// Bytes of scratch memory that folding operand 0 into result 0 needs.
std::size_t reduction_scratch(const PlanContext& plan, std::uint32_t axes);

}  // namespace dagrad
