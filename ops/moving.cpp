#include "ops/moving.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dagrad {

namespace {

constexpr std::int64_t grain_bytes = 1 << 17;  // of a task
constexpr std::int64_t tile = 16;              // side of a block that is transposed at once

/// The axes from 1 on of a walk, as one row of blocks after the other.
struct Around {
  const Walk& walk;
  int inner;  ///< axes that a block has
  std::int64_t blocks() const {
    std::int64_t n = 1;
    for (int i = 0; i < walk.rank - inner; ++i) n *= walk.size[static_cast<std::size_t>(i)];
    return n;
  }
  std::pair<std::int64_t, std::int64_t> offsets(std::int64_t block) const {
    std::int64_t from = 0, to = 0;
    for (int i = walk.rank - inner; i-- > 0;) {
      const auto axis = static_cast<std::size_t>(i);
      const std::int64_t at = i == 0 ? block : block % walk.size[axis];
      from += at * walk.from[axis];
      to += at * walk.to[axis];
      block /= walk.size[axis];
    }
    return {from, to};
  }
};

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

/// Two axes, the one dense in `from`, the other in `to`: tile by tile, so that both stay in the
/// cache.
template <class T>
void move_plane(const T* from, std::int64_t from_step, T* to, std::int64_t to_step,
                std::int64_t rows, std::int64_t columns) {
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
  const auto last = static_cast<std::size_t>(walk.rank - 1);
  const std::int64_t n = walk.size[last], from_step = walk.from[last], to_step = walk.to[last];
  const Around around{walk, 1};
  constexpr std::int64_t grain = grain_bytes / static_cast<std::int64_t>(sizeof(T));
  const std::int64_t pieces = (n + grain - 1) / grain, lines = std::max<std::int64_t>(1, grain / n);
  parallel.ranges(around.blocks() * pieces, lines, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto [from_offset, to_offset] = around.offsets(i / pieces);
      const std::int64_t at = i % pieces * grain;
      move_line(from + from_offset + at * from_step, from_step, to + to_offset + at * to_step,
                to_step, std::min(grain, n - at));
    }
  });
}

/// The last axis is dense in `to`, the one before it in `from`.
template <class T>
void move_planes(const Parallel& parallel, const Walk& walk, const T* from, T* to) {
  const auto column = static_cast<std::size_t>(walk.rank - 1), row = column - 1;
  const std::int64_t rows = walk.size[row], columns = walk.size[column];
  const Around around{walk, 2};
  constexpr std::int64_t grain = grain_bytes / static_cast<std::int64_t>(sizeof(T));
  const std::int64_t piece = (grain / columns / tile + 1) * tile;  // rows
  const std::int64_t pieces = (rows + piece - 1) / piece;
  const std::int64_t planes = std::max<std::int64_t>(1, grain / (rows * columns));
  parallel.ranges(around.blocks() * pieces, planes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto [from_offset, to_offset] = around.offsets(i / pieces);
      const std::int64_t at = i % pieces * piece;
      move_plane(from + from_offset + at, walk.from[column], to + to_offset + at * walk.to[row],
                 walk.to[row], std::min(piece, rows - at), columns);
    }
  });
}

/// Brings the axis that is dense in `from` next to the last one. True where planes pay.
bool has_planes(Walk& walk) {
  const auto last = static_cast<std::size_t>(walk.rank - 1);
  if (walk.rank < 2 || walk.to[last] != 1 || walk.from[last] == 1) return false;
  for (std::size_t axis = 0; axis < last; ++axis) {
    if (walk.from[axis] != 1 || walk.size[axis] < 4 || walk.size[last] < 4) continue;
    for (auto* steps : {&walk.size, &walk.from, &walk.to}) {
      std::rotate(steps->begin() + axis, steps->begin() + axis + 1, steps->begin() + last);
    }
    return true;
  }
  return false;
}

}  // namespace

void Walk::add(std::int64_t axis_size, std::int64_t from_step, std::int64_t to_step) {
  if (axis_size == 1) return;
  const auto outer = static_cast<std::size_t>(rank - 1);
  if (rank > 0 && from[outer] == axis_size * from_step && to[outer] == axis_size * to_step) {
    size[outer] *= axis_size;
    from[outer] = from_step;
    to[outer] = to_step;
    return;
  }
  const auto axis = static_cast<std::size_t>(rank++);
  size[axis] = axis_size;
  from[axis] = from_step;
  to[axis] = to_step;
}

std::array<std::int64_t, max_rank> dense_steps(const Shape& shape) {
  std::array<std::int64_t, max_rank> steps{};
  std::int64_t step = 1;
  for (int axis = shape.rank(); axis-- > 0; step *= shape[axis]) {
    steps[static_cast<std::size_t>(axis)] = step;
  }
  return steps;
}

void move(const Parallel& parallel, Walk walk, DType dtype, const void* from, void* to) {
  for (int i = 0; i < walk.rank; ++i) {
    if (walk.size[static_cast<std::size_t>(i)] == 0) return;
  }
  if (walk.rank == 0) {
    walk.rank = 1;
    walk.size[0] = walk.from[0] = walk.to[0] = 1;
  }
  const bool planes = has_planes(walk);
  dispatch_width(dtype, [&]<class T>(std::type_identity<T>) {
    const auto* const f = static_cast<const T*>(from);
    auto* const t = static_cast<T*>(to);
    if (planes)
      move_planes(parallel, walk, f, t);
    else
      move_lines(parallel, walk, f, t);
  });
}

void copy(const EvalContext& c) {
  if (c.ins[0].data == c.outs[0].data) return;
  Walk walk;
  walk.add(c.outs[0].type.elements(), 1, 1);
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
