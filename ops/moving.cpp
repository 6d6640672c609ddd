#include "ops/moving.hpp"

#include <algorithm>
#include <cstring>

namespace dagrad {

namespace {

constexpr std::int64_t grain_bytes = 1 << 17;  // per task
constexpr std::int64_t tile = 16;              // side of a block that is transposed at once

/// The number of positions of the axes of a walk outside of the `inner` innermost ones.
std::int64_t positions_around(const Walk& walk, int inner) {
  std::int64_t n = 1;
  for (int axis = 0; axis < walk.rank() - inner; ++axis) n *= walk.size(axis);
  return n;
}

/// Calls `move_piece(from offset, to offset, piece)` on the pool for each of the `pieces` pieces of
/// the inner axes at every position of the outer ones, `grain` calls per task.
template <class MovePiece>
void each_piece(const Parallel& parallel, const Walk& walk, int inner, std::int64_t pieces,
                std::int64_t grain, MovePiece move_piece) {
  const int outer = walk.rank() - inner;
  parallel.ranges(positions_around(walk, inner) * pieces, grain,
                  [&](std::int64_t begin, std::int64_t end) {
                    StridedWalk around(walk, outer, begin / pieces);
                    std::int64_t piece = begin % pieces;
                    for (std::int64_t i = begin; i < end; ++i) {
                      move_piece(around.offset(0), around.offset(1), piece);
                      if (++piece == pieces) around.next(), piece = 0;
                    }
                  });
}

/// One line of elements.
template <class T>
void move_line(const T* from, std::int64_t from_step, T* to, std::int64_t to_step, std::int64_t n) {
  if (from_step == 1 && to_step == 1) {
    if (n < 32)
      std::copy_n(from, n, to);
    else
      std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
  } else {
    for (std::int64_t i = 0; i < n; ++i) to[i * to_step] = from[i * from_step];
  }
}

/// Moves two axes, one dense in `from` and the other in `to`, tile by tile, so that both stay in
/// the cache.
template <class T>
[[gnu::noinline]] void move_plane(const T* from, std::int64_t from_step, T* to,
                                  std::int64_t to_step, std::int64_t rows, std::int64_t columns) {
  for (std::int64_t r = 0; r < rows; r += tile) {
    const std::int64_t last_row = std::min(rows, r + tile);
    for (std::int64_t c = 0; c < columns; c += tile) {
      const std::int64_t last_column = std::min(columns, c + tile);
      for (std::int64_t i = r; i < last_row; ++i) {
        for (std::int64_t j = c; j < last_column; ++j)
          to[i * to_step + j] = from[j * from_step + i];
      }
    }
  }
}

template <class T>
void move_lines(const Parallel& parallel, const Walk& walk, const T* from, T* to) {
  const int last = walk.rank() - 1;
  const std::int64_t n = walk.size(last), read = walk.stride(last, 0), write = walk.stride(last, 1);
  constexpr std::int64_t grain = grain_bytes / static_cast<std::int64_t>(sizeof(T));
  if (last == 0 && n <= grain)
    return move_line(from, read, to, write, n);  // the most frequent case
  const std::int64_t pieces = (n + grain - 1) / grain, lines = std::max<std::int64_t>(1, grain / n);
  each_piece(parallel, walk, 1, pieces, lines, [&](auto from_line, auto to_line, auto piece) {
    const std::int64_t at = piece * grain;
    move_line(from + from_line + at * read, read, to + to_line + at * write, write,
              std::min(grain, n - at));
  });
}

/// Moves a plane whose last axis is dense in `to` and whose axis before it is dense in `from`.
template <class T>
void move_planes(const Parallel& parallel, const Walk& walk, const T* from, T* to) {
  const int column = walk.rank() - 1, row = column - 1;
  const std::int64_t rows = walk.size(row), columns = walk.size(column);
  const std::int64_t read = walk.stride(column, 0), write = walk.stride(row, 1);
  constexpr std::int64_t grain = grain_bytes / static_cast<std::int64_t>(sizeof(T));
  const std::int64_t rows_of_piece = (grain / columns / tile + 1) * tile;
  const std::int64_t pieces = (rows + rows_of_piece - 1) / rows_of_piece;
  const std::int64_t planes = std::max<std::int64_t>(1, grain / (rows * columns));
  each_piece(parallel, walk, 2, pieces, planes, [&](auto from_plane, auto to_plane, auto piece) {
    const std::int64_t at = piece * rows_of_piece;
    move_plane(from + from_plane + at, read, to + to_plane + at * write, write,
               std::min(rows_of_piece, rows - at), columns);
  });
}

/// The axis that is dense in the source, if it pays to move planes of that axis and the last one,
/// which is dense in the destination; else -1.
int plane_axis(const Walk& walk) {
  const int last = walk.rank() - 1;
  if (walk.stride(last, 1) != 1 || walk.stride(last, 0) == 1 || walk.size(last) < 4) return -1;
  for (int axis = 0; axis < last; ++axis)
    if (walk.stride(axis, 0) == 1 && walk.size(axis) >= 4) return axis;
  return -1;
}

/// The walk with an axis moved next to the last one.
Walk with_plane(const Walk& walk, int axis) {
  Walk result;
  const auto add = [&](int i) { result.add(walk.size(i), {walk.stride(i, 0), walk.stride(i, 1)}); };
  for (int i = 0; i + 1 < walk.rank(); ++i)
    if (i != axis) add(i);
  add(axis);
  add(walk.rank() - 1);
  return result;
}

}  // namespace

Walk reversed(const Walk& walk) {
  Walk result;
  for (int axis = 0; axis < walk.rank(); ++axis)
    result.add(walk.size(axis), {walk.stride(axis, 1), walk.stride(axis, 0)});
  return result;
}

void move(const Parallel& parallel, const Walk& walk, DType dtype, const void* from, void* to) {
  if (walk.positions() == 0) return;
  const int axis = walk.rank() > 1 ? plane_axis(walk) : -1;
  dispatch_width(dtype, [&]<class T>(std::type_identity<T>) {
    const auto* const f = static_cast<const T*>(from);
    auto* const t = static_cast<T*>(to);
    if (walk.rank() == 0)
      *t = *f;
    else if (axis >= 0)
      move_planes(parallel, with_plane(walk, axis), f, t);
    else
      move_lines(parallel, walk, f, t);
  });
}

void copy(const EvalContext& c) {
  if (c.ins[0].data == c.outs[0].data) return;
  Walk walk;
  walk.add(c.outs[0].type.elements(), {1, 1});
  move(c.parallel, walk, c.outs[0].type.dtype, c.ins[0].data, c.outs[0].data);
}

void fill(const Parallel& parallel, const MutableView& out, double value) {
  fill_bits(parallel, out, Literal(value).bits(out.type.dtype));
}

void fill_bits(const Parallel& parallel, const MutableView& out, std::uint64_t bits) {
  dispatch_width(out.type.dtype, [&]<class T>(std::type_identity<T>) {
    const auto element = static_cast<T>(bits);
    auto* const to = static_cast<T*>(out.data);
    constexpr std::int64_t grain = grain_bytes / static_cast<std::int64_t>(sizeof(T));
    parallel.ranges(out.type.elements(), grain, [&](std::int64_t begin, std::int64_t end) {
      std::fill(to + begin, to + end, element);
    });
  });
}

}  // namespace dagrad
