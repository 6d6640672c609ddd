#include "ops/reduction.hpp"

namespace dagrad {

namespace {

constexpr std::int64_t unit_elements = 1 << 16;  // what is worth a task
constexpr std::int64_t enough_units = 128;       // beyond it there is no need of chunks

std::int64_t quotient(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

std::int64_t ReductionSpace::Axes::offset(std::int64_t at) const {
  std::int64_t offset = 0;
  for (int i = 0; i + 1 < rank; ++i) {
    const auto axis = static_cast<std::size_t>(i);
    offset += at % size[axis] * stride[axis];
    at /= size[axis];
  }
  return rank == 0 ? 0 : offset + at * stride[static_cast<std::size_t>(rank - 1)];
}

ReductionSpace::ReductionSpace(const Shape& shape, std::uint32_t axes) {
  std::int64_t stride = 1;
  int merged = 0;  // runs of equal kind so far; the first two are `columns` and `run`
  bool last = false;
  for (int axis = shape.rank(); axis-- > 0;) {
    const std::int64_t size = shape[axis];
    const bool reduced = (axes >> axis & 1U) != 0;
    if (size == 1) continue;
    if (merged == 0 && reduced) merged = 1;  // rows of one column
    if (merged == 0 || reduced != last) ++merged;
    last = reduced;
    if (merged == 1 && !reduced) {
      columns *= size;
    } else if (merged == 2 && reduced) {
      run *= size;
    } else {
      Axes& around = reduced ? reduced_ : kept_;
      const auto i = static_cast<std::size_t>(around.rank);
      const bool joins = i > 0 && around.stride[i - 1] * around.size[i - 1] == stride;
      if (joins)
        around.size[i - 1] *= size;
      else
        around.size[i] = size, around.stride[i] = stride, ++around.rank;
    }
    (reduced ? rows : groups) *= size;
    stride *= size;
  }
  groups = columns == 0 ? 0 : groups / columns;
}

ReductionSplit::ReductionSplit(const ReductionSpace& space, std::size_t result_size) {
  const auto size = static_cast<std::int64_t>(result_size);
  const std::int64_t columns = std::max<std::int64_t>(space.columns, 1);
  tiles = quotient(columns, detail::tile_bytes / size);
  tile = quotient(columns, tiles);
  tiles = quotient(columns, tile);
  const std::int64_t units = space.groups * tiles, rows = std::max<std::int64_t>(space.rows, 1);
  chunk = rows;
  if (units > 0 && units < enough_units) {
    chunk = std::max(
        {quotient(rows * units, enough_units), quotient(unit_elements, tile), std::int64_t{64}});
    chunk = std::min(chunk, rows);
  }
  chunks = quotient(rows, chunk);
  grain = quotient(unit_elements, std::max<std::int64_t>(chunk * tile, 1));
  if (chunks > 1) scratch = static_cast<std::size_t>(chunks * space.results() * size);
}

ReductionSplit::Unit ReductionSplit::unit(const ReductionSpace& space, std::int64_t i) const {
  if (tiles == 1 && chunks == 1)  // without a division, for the sake of short rows
    return {.chunk = 0,
            .result = i * space.columns,
            .width = space.columns,
            .offset = space.group_offset(i),
            .first = 0,
            .last = space.rows};
  const std::int64_t all = space.groups * tiles;
  const std::int64_t group = i % all / tiles, column = i % tiles * tile, row = i / all * chunk;
  return {.chunk = i / all,
          .result = group * space.columns + column,
          .width = std::min(tile, space.columns - column),
          .offset = space.group_offset(group) + column,
          .first = row,
          .last = std::min(space.rows, row + chunk)};
}

std::size_t reduction_scratch(const PlanContext& plan, std::uint32_t axes) {
  const ReductionSpace space(plan.in[0].shape, axes);
  return ReductionSplit(space, size_of(compute_dtype(plan.out[0].dtype))).scratch;
}

}  // namespace dagrad
