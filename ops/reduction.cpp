#include "ops/reduction.hpp"

#include "ops/accumulator.hpp"

namespace dagrad {

namespace {

constexpr std::int64_t unit_elements = 1 << 16;  // enough elements for a task
constexpr std::int64_t enough_units = 128;       // enough units to do without chunks
constexpr std::int64_t least_positions = 4;      // of the first axis in a chunk that ends with one
constexpr std::int64_t cache_line = 64;          // columns that tiles of much work divide at

std::int64_t quotient(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

ReductionSpace::ReductionSpace(const Shape& shape, std::uint32_t axes) {
  const auto is_reduced = [axes](int axis) { return (axes >> axis & 1U) != 0; };
  int around = shape.rank();  // the axes outside of columns and run
  for (; around > 0 && (shape[around - 1] == 1 || !is_reduced(around - 1)); --around)
    columns *= shape[around - 1];
  for (; around > 0 && (shape[around - 1] == 1 || is_reduced(around - 1)); --around)
    run *= shape[around - 1];
  const Strides strides = strides_of(shape);
  for (int axis = 0; axis < around; ++axis) {
    StridedAxes<1>& kind = is_reduced(axis) ? reduced_ : kept_;
    kind.add(shape[axis], {strides[static_cast<std::size_t>(axis)]});
  }
  groups = columns == 0 ? 0 : kept_.positions();
  rows = run * reduced_.positions();
  const bool follow = groups == 1 && rows == run && rows > 0;
  if (follow && shape.rank() > 0 && is_reduced(0)) rows_of_first = rows / shape[0];
}

ReductionSplit::ReductionSplit(const ReductionSpace& space, std::size_t result_bytes,
                               std::int64_t work) {
  const auto size = static_cast<std::int64_t>(result_bytes);
  const std::int64_t columns = std::max<std::int64_t>(space.columns, 1);
  tiles = quotient(columns, tile_bytes / size);
  tile = quotient(columns, tiles);
  tiles = quotient(columns, tile);
  const std::int64_t units = space.groups * tiles, rows = std::max<std::int64_t>(space.rows, 1);
  chunk = rows;
  if (units > 0 && units < enough_units) {
    chunk = std::max(
        {quotient(rows * units, enough_units), quotient(unit_elements, tile), std::int64_t{64}});
    if (space.rows_of_first <= chunk / least_positions)
      chunk = quotient(chunk, space.rows_of_first) * space.rows_of_first;
    chunk = std::min(chunk, rows);
  }
  chunks = quotient(rows, chunk);
  if (chunks == 1 && units < enough_units && chunk * tile * work > unit_elements) {
    const std::int64_t fit = unit_elements / (chunk * work) / cache_line * cache_line;
    tile = quotient(columns, quotient(columns, std::max(fit, cache_line)));
    tile = quotient(tile, cache_line) * cache_line;
    tiles = quotient(columns, tile);
  }
  grain = quotient(unit_elements, std::max<std::int64_t>(chunk * tile, 1));
}

ReductionSplit::Unit ReductionSplit::unit(const ReductionSpace& space, std::int64_t i) const {
  if (tiles == 1 && chunks == 1)  // avoids a division, which matters for short rows
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

Reducer::Reducer(const Shape& shape, std::uint32_t axes, std::size_t result_bytes,
                 ScratchLayout& layout, std::int64_t work)
    : space_(shape, axes), split_(space_, result_bytes, work) {
  if (!is_chunked()) return;
  const std::int64_t partial = split_.chunks * results();
  partial_ = layout.add<std::byte>(partial * static_cast<std::int64_t>(result_bytes));
}

std::size_t reduction_scratch(const PlanContext& plan, std::uint32_t axes) {
  ScratchLayout layout;
  Reducer(plan.in[0].shape, axes, size_of(plan.out[0].dtype), layout);
  return layout.bytes();
}

}  // namespace dagrad
