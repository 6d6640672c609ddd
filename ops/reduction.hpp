#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "dagrad/eval.hpp"
#include "dagrad/scratch.hpp"
#include "dagrad/strides.hpp"

/// How reductions walk a tensor: in an order and a split over threads that depend on shapes alone,
/// so that results have the same bits on every processor and any number of threads. What they do
/// with the elements is up to kernels: `Accumulator` (ops/accumulator.hpp) folds them into one
/// number, `CentredSums` and `Extremes` (ops/moment_sums.hpp) into several.
namespace dagrad {

/// A tensor as a reduction sees it. Innermost lie rows of `columns` elements, each of which goes to
/// a result of its own; `run` rows follow each other and go to the same results; other kept and
/// reduced axes lie around.
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
  StridedAxes<1> kept_, reduced_;
};

/// How a reduction is cut into units that may run at once: columns into tiles; and where there are
/// too few of these, rows into chunks, whose partial results are joined afterwards.
struct ReductionSplit {
  /// Rows of one group, and a tile of its columns.
  struct Unit {
    std::int64_t chunk;          ///< which part of the group's rows
    std::int64_t result, width;  ///< its first result, and how many there are
    std::int64_t offset;         ///< of the element where the tile begins in the group
    std::int64_t first, last;    ///< rows of the group
  };
  static constexpr std::int64_t tile_bytes = 1 << 14;  ///< of the results of a unit, at most

  /// `result_bytes` are those of one partial result.
  ReductionSplit(const ReductionSpace& space, std::size_t result_bytes);
  std::int64_t units(const ReductionSpace& space) const { return space.groups * tiles * chunks; }
  Unit unit(const ReductionSpace& space, std::int64_t i) const;

  std::int64_t tile = 1, tiles = 1;
  std::int64_t chunk = 1, chunks = 1;
  std::int64_t grain = 1;  ///< units of a task that takes as long as a sum
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

/// Calls `visit(offset, n, step)` for the elements of a unit, n at a time: element offset + i goes
/// to result i * step of the unit.
template <class Visit>
void each_line(const ReductionSpace& space, const ReductionSplit::Unit& unit, Visit visit) {
  each_run(space, unit, [&](std::int64_t offset, std::int64_t rows) {
    if (space.columns == 1) return visit(offset, rows, 0);
    for (std::int64_t row = 0; row < rows; ++row)
      visit(offset + row * space.columns, unit.width, 1);
  });
}

/// How a kernel takes the rows of a unit: narrow ones that lie side by side several together, as
/// many as fill its lanes.
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
  std::int64_t width = 1;   ///< elements that are taken at once
  std::int64_t stride = 1;  ///< from those to the next ones
};

/// Folds the elements of a unit, whose results are counted from `first` on.
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
/// A kernel K for it takes results and elements of types K::Result and K::In, gives K::parts
/// numbers for each result, and has
///
///     K(space, arguments...)
///     begin(unit, first)         for rows of a unit; results are counted from `first` on
///     add(x, rows)               rows that follow each other
///     finish(to)                 to[part][i] for result i of the unit
///     join(part, x, n, results)  partial results of n chunks, side by side, into the first
class Reducer {
 public:
  using Unit = ReductionSplit::Unit;

  /// `result_bytes` are those of all parts of a result. Adds partial results to the layout.
  Reducer(const Shape& shape, std::uint32_t axes, std::size_t result_bytes, ScratchLayout& layout);

  const ReductionSpace& space() const { return space_; }
  std::int64_t results() const { return space_.results(); }
  /// Whether rows are cut into chunks.
  bool is_chunked() const { return split_.chunks > 1; }

  /// Calls `body(part)` for parts that have all elements of their results: on the pool for each
  /// unit, where units do; once for all, where rows are cut. `work`: how many times that of a sum.
  template <class Body>
  void each_part(const EvalContext& c, std::int64_t work, Body body) const;

  /// Folds all elements of x; to[p][i] is part p of result i.
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

/// Some results of a reduction, and all elements that go into them. Folding these with several
/// kernels, one after the other, and then writing by what was found, finds a unit in the cache.
class ReductionPart {
 public:
  using Unit = Reducer::Unit;

  /// `unit` is the part; null where all of the reduction is.
  ReductionPart(const Reducer& reducer, const EvalContext& c, const Unit* unit)
      : reducer_(reducer), c_(c), unit_(unit) {}

  const ReductionSpace& space() const { return reducer_.space_; }
  std::int64_t first() const { return unit_ != nullptr ? unit_->result : 0; }
  std::int64_t results() const { return unit_ != nullptr ? unit_->width : space().results(); }

  /// Folds the elements of x; to[p][i] is part p of result first() + i.
  template <class Kernel, class... Arguments>
  void fold(const typename Kernel::In* x,
            const std::array<typename Kernel::Result*, Kernel::parts>& to,
            const Arguments&... arguments) const {
    if (unit_ == nullptr) return reducer_.fold<Kernel>(c_, x, to, arguments...);
    Kernel kernel(space(), arguments...);
    fold_unit(kernel, space(), *unit_, first(), x, to);
  }

  /// Calls `visit(unit)` for the units, on the pool where there are several. Some may have the same
  /// results: those of chunk 0 come once.
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

template <class Kernel, class... Arguments>
void Reducer::fold(const EvalContext& c, const typename Kernel::In* x,
                   const std::array<typename Kernel::Result*, Kernel::parts>& to,
                   const Arguments&... arguments) const {
  const std::int64_t all = results();  // of a chunk
  auto chunks = to;                    // of each part, one after the other
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

}  // namespace dagrad
