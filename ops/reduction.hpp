#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "dagrad/eval.hpp"
#include "dagrad/scratch.hpp"
#include "dagrad/strides.hpp"

/// How reductions walk a tensor: in an order and a division among threads that depend on shapes
/// alone, so that results have the same bits on every processor and for any number of threads.
/// Kernels decide what happens to the elements: `Accumulator` (ops/accumulator.hpp) folds them into
/// one number, `CentredSums` and `Extremes` (ops/moment_sums.hpp) into several.
namespace dagrad {

/// A tensor as a reduction sees it. Innermost are rows of `columns` elements, each of which belongs
/// to a different result; `run` consecutive rows belong to the same results; the other kept and
/// reduced axes are outside of these.
class ReductionSpace {
 public:
  /// Bit i of `axes` is set if axis i is reduced.
  ReductionSpace(const Shape& shape, std::uint32_t axes);

  std::int64_t columns = 1, run = 1;
  std::int64_t groups = 1;  ///< groups of results: all axes but the columns
  std::int64_t rows = 1;    ///< rows of one group, over all runs
  /// How many of the rows lie at one position of the first axis, if all of them follow each other.
  std::int64_t rows_of_first = 1;
  std::int64_t results() const { return groups * columns; }
  /// The element at which a group begins, and the distance from there to run `i` of the group.
  std::int64_t group_offset(std::int64_t group) const { return kept_.offset(group); }
  std::int64_t run_offset(std::int64_t i) const { return reduced_.offset(i); }

 private:
  StridedAxes<1> kept_, reduced_;
};

/// How a reduction is divided into units that can run in parallel: columns into tiles and, if there
/// are too few of these, rows into chunks, whose partial results are joined afterwards. Chunks end
/// where a position of the first axis does, unless these are long.
struct ReductionSplit {
  /// Some rows of one group, and a tile of its columns.
  struct Unit {
    std::int64_t chunk;          ///< which part of the group's rows
    std::int64_t result, width;  ///< its first result, and how many there are
    std::int64_t offset;         ///< of the tile's first element in the group
    std::int64_t first, last;    ///< rows of the group
  };
  static constexpr std::int64_t tile_bytes = 1 << 14;  ///< the maximum size of a unit's results

  /// `result_bytes` is the size of one partial result. If an element takes `work` times as long as
  /// in a sum, tiles that have all rows are narrower.
  ReductionSplit(const ReductionSpace& space, std::size_t result_bytes, std::int64_t work = 1);
  std::int64_t units(const ReductionSpace& space) const { return space.groups * tiles * chunks; }
  Unit unit(const ReductionSpace& space, std::int64_t i) const;

  std::int64_t tile = 1, tiles = 1;
  std::int64_t chunk = 1, chunks = 1;
  std::int64_t grain = 1;  ///< units per task, if they take as long as a sum
};

/// Calls `visit(offset, rows)` for the runs of a unit: the offset of the first row and the number
/// of rows, each `space.columns` after the one before it.
template <class Visit>
void each_run(const ReductionSpace& space, const ReductionSplit::Unit& unit, Visit visit) {
  if (space.run == space.rows && unit.first < unit.last)
    return visit(unit.offset + unit.first * space.columns, unit.last - unit.first);
  if (unit.first >= unit.last) return;
  std::int64_t run = unit.first / space.run, row = unit.first % space.run;
  for (std::int64_t left = unit.last - unit.first; left > 0; ++run, row = 0) {
    const std::int64_t n = std::min(space.run - row, left);
    visit(unit.offset + space.run_offset(run) + row * space.columns, n);
    left -= n;
  }
}

/// The same for a few hundred rows at a time, as `visit(offset, rows, later)`: `later` is where as
/// many rows of the next run lie, which processors do not foresee, or `offset` if there is none.
template <class Visit>
void each_piece(const ReductionSpace& space, const ReductionSplit::Unit& unit, Visit visit) {
  constexpr std::int64_t piece = 256;
  std::int64_t offset = 0, rows = 0;
  const auto visit_run = [&](std::int64_t later, std::int64_t rows_later) {
    for (std::int64_t i = 0; i < rows; i += piece) {
      const std::int64_t n = std::min(piece, rows - i), at = offset + i * space.columns;
      visit(at, n, i + n <= rows_later ? later + i * space.columns : at);
    }
  };
  each_run(space, unit, [&](std::int64_t next, std::int64_t n) {
    visit_run(next, n);
    offset = next;
    rows = n;
  });
  visit_run(0, 0);
}

/// Calls `visit(offset, n, step)` for the elements of a unit, n at a time: element offset + i
/// belongs to result i * step of the unit.
template <class Visit>
void each_line(const ReductionSpace& space, const ReductionSplit::Unit& unit, Visit visit) {
  each_run(space, unit, [&](std::int64_t offset, std::int64_t rows) {
    if (space.columns == 1) return visit(offset, rows, 0);
    for (std::int64_t row = 0; row < rows; ++row)
      visit(offset + row * space.columns, unit.width, 1);
  });
}

/// How a kernel processes the rows of a unit: narrow adjacent rows are combined, as many as fill
/// its lanes.
struct RowPacking {
  RowPacking() = default;
  RowPacking(const ReductionSpace& space, std::int64_t columns_of_unit, std::int64_t lanes)
      : columns(columns_of_unit) {
    if (columns == space.columns && columns < lanes)
      together =
          std::max<std::int64_t>(1, std::min(columns == 1 ? lanes : lanes / columns, space.run));
    width = together * columns;
    stride = together * space.columns;
  }
  std::int64_t columns = 1, together = 1;
  std::int64_t width = 1;   ///< elements processed at once
  std::int64_t stride = 1;  ///< distance from those to the next ones
};

/// Folds the elements of a unit, whose results are numbered from `first` on.
template <class Kernel, class To>
void fold_unit(Kernel& kernel, const ReductionSpace& space, const ReductionSplit::Unit& unit,
               std::int64_t first, const typename Kernel::In* x, const To& to) {
  kernel.begin(unit, first);
  each_run(space, unit, [&](std::int64_t offset, std::int64_t n) { kernel.add(x + offset, n); });
  kernel.finish(to);
}

class ReductionPart;

/// A reduction over axes, with the scratch memory that it needs.
///
/// A kernel K has the element types K::In of operands and K::Result of results, produces K::parts
/// numbers for each result, and has the members
///
///     K(space, arguments...)
///     begin(unit, first)         starts rows of a unit, whose results are numbered from `first` on
///     add(x, rows)               adds consecutive rows
///     finish(to)                 writes to[part][i] for result i of the unit
///     join(part, x, n, results)  joins partial results of n adjacent chunks into the first
class Reducer {
 public:
  using Unit = ReductionSplit::Unit;
  /// The cost of an element relative to a sum if it takes a function or several operations.
  static constexpr std::int64_t several_steps = 4;

  /// `result_bytes` is the size of all parts of a result, and `work` the cost relative to a sum.
  /// Adds the partial results to the layout.
  Reducer(const Shape& shape, std::uint32_t axes, std::size_t result_bytes, ScratchLayout& layout,
          std::int64_t work = 1);

  const ReductionSpace& space() const { return space_; }
  std::int64_t results() const { return space_.results(); }
  /// Whether rows are divided into chunks.
  bool is_chunked() const { return split_.chunks > 1; }
  /// Whether each result belongs to one run of 1 to `most` adjacent elements, and the runs follow
  /// each other.
  bool has_adjacent_rows(std::int64_t most) const {
    return space_.columns == 1 && space_.run == space_.rows && space_.rows > 0 &&
           space_.rows <= most && !is_chunked();
  }
  /// Whether there are also enough of them to fold `short_rows` of them side by side.
  bool has_short_rows(std::int64_t most) const {
    return has_adjacent_rows(most) && space_.groups >= short_rows;
  }
  static constexpr std::int64_t short_rows = 16;

  /// Calls `body(part)` for parts that have all elements of their results: on the pool for each
  /// unit if units have them all, or once for the whole reduction if rows are divided into chunks.
  /// `work` is the cost relative to a sum.
  template <class Body>
  void each_part(const EvalContext& c, std::int64_t work, Body body) const;

  /// Calls `body(first, count)` for blocks of at most `together` results, on the pool. `work` is
  /// the cost relative to a sum.
  template <class Body>
  void each_block(const EvalContext& c, std::int64_t together, std::int64_t work, Body body) const;

  /// Folds all elements of x; to[p][i] becomes part p of result i.
  template <class Kernel, class... Arguments>
  void fold(const EvalContext& c, const typename Kernel::In* x,
            const std::array<typename Kernel::Result*, Kernel::parts>& to,
            const Arguments&... arguments) const;

 private:
  friend ReductionPart;
  ReductionSpace space_;
  ReductionSplit split_;
  ScratchPart partial_;
};

/// Some results of a reduction, and all elements that belong to them. Several kernels can fold
/// these one after the other and then write what they found, while the unit is in the cache.
class ReductionPart {
 public:
  using Unit = Reducer::Unit;

  /// `unit` is the part; null if the part is the whole reduction.
  ReductionPart(const Reducer& reducer, const EvalContext& c, const Unit* unit)
      : reducer_(reducer), c_(c), unit_(unit) {}

  const ReductionSpace& space() const { return reducer_.space_; }
  const Machine& machine() const { return c_.machine(); }
  std::int64_t first() const { return unit_ != nullptr ? unit_->result : 0; }
  std::int64_t results() const { return unit_ != nullptr ? unit_->width : space().results(); }

  /// Folds the elements of x; to[p][i] becomes part p of result first() + i.
  template <class Kernel, class... Arguments>
  void fold(const typename Kernel::In* x,
            const std::array<typename Kernel::Result*, Kernel::parts>& to,
            const Arguments&... arguments) const {
    if (unit_ == nullptr) return reducer_.fold<Kernel>(c_, x, to, arguments...);
    Kernel kernel(space(), arguments...);
    fold_unit(kernel, space(), *unit_, first(), x, to);
  }

  /// Calls `visit(unit)` for the units, on the pool if there are several. Several units may have
  /// the same results: those with chunk 0 have each result once.
  template <class Visit>
  void each_unit(std::int64_t work, Visit visit) const {
    if (unit_ != nullptr) return visit(*unit_);
    const ReductionSplit& split = reducer_.split_;
    c_.parallel.ranges(split.units(space()), (split.grain + work - 1) / work,
                       [&](std::int64_t i, std::int64_t end) {
                         for (; i < end; ++i) visit(split.unit(space(), i));
                       });
  }
  /// The same for tiles of columns with all of their rows.
  template <class Visit>
  void each_tile(Visit visit) const {
    if (unit_ != nullptr) return visit(*unit_);
    const std::int64_t tiles = space().groups * reducer_.split_.tiles;
    c_.parallel.ranges(tiles, 1, [&](std::int64_t i, std::int64_t end) {
      for (; i < end; ++i) {
        Unit unit = reducer_.split_.unit(space(), i);
        unit.last = space().rows;
        visit(unit);
      }
    });
  }

 private:
  const Reducer& reducer_;
  const EvalContext& c_;
  const Unit* unit_;
};

template <class Body>
void Reducer::each_part(const EvalContext& c, std::int64_t work, Body body) const {
  const ReductionPart all(*this, c, nullptr);
  if (is_chunked()) return body(all);
  all.each_unit(work, [&](const Unit& unit) { body(ReductionPart(*this, c, &unit)); });
}

template <class Body>
void Reducer::each_block(const EvalContext& c, std::int64_t together, std::int64_t work,
                         Body body) const {
  const std::int64_t blocks = (space_.groups + together - 1) / together;
  const std::int64_t grain = split_.grain / (together * work) + 1;
  c.parallel.ranges(blocks, grain, [&](std::int64_t i, std::int64_t end) {
    for (; i < end; ++i) body(i * together, std::min(together, space_.groups - i * together));
  });
}

template <class Kernel, class... Arguments>
void Reducer::fold(const EvalContext& c, const typename Kernel::In* x,
                   const std::array<typename Kernel::Result*, Kernel::parts>& to,
                   const Arguments&... arguments) const {
  const std::int64_t all = results();  // of a chunk
  auto chunks = to;                    // the chunks of each part, one part after the other
  if (is_chunked())
    for (std::size_t p = 0; p < Kernel::parts; ++p)
      chunks[p] = partial_.in<typename Kernel::Result>(c.scratch()).data() +
                  static_cast<std::int64_t>(p) * split_.chunks * all;
  c.parallel.ranges(split_.units(space_), split_.grain, [&](std::int64_t i, std::int64_t end) {
    Kernel kernel(space_, arguments...);
    for (; i < end; ++i) {
      const Unit unit = split_.unit(space_, i);
      auto here = chunks;
      for (auto& part : here) part += unit.chunk * all + unit.result;
      fold_unit(kernel, space_, unit, 0, x, here);
    }
  });
  for (std::size_t p = 0; is_chunked() && p < Kernel::parts; ++p) {
    Kernel::join(p, chunks[p], split_.chunks, all);
    std::copy_n(chunks[p], all, to[p]);
  }
}

/// Sets position[result] to the first position among its elements of x for which `hit(element,
/// result)` is true, or to -1 if there is none.
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

}  // namespace dagrad
