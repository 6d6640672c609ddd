#include "src/passes/tile_size.hpp"

#include <algorithm>
#include <vector>

#include "dagrad/ops/index.hpp"
#include "dagrad/ops/linalg.hpp"
#include "src/passes/tile_groups.hpp"

namespace dagrad::detail {

namespace {

/// The size of a tile, for which a second-level cache of 1 MiB has room.
constexpr std::size_t tile_bytes = 256 << 10;
/// The size of the longest row that makes a tile of its own.
constexpr std::size_t most_row_bytes = 1 << 20;
/// Smaller groups stay in the cache without tiles.
constexpr std::size_t least_bytes = 1536 << 10;
/// The part of the moved memory that tiles must save.
constexpr double least_saving = 0.15;
/// Fewer tiles could not be shared evenly among threads.
constexpr std::int64_t least_tiles = 8;
/// With fewer rows, a product spends its time on packing the other factor.
constexpr std::int64_t rows_of_product = 32;

/// The size of equal parts of rows, a multiple of `unit`, of about `part` rows.
std::int64_t even_part(std::int64_t rows, std::int64_t part, std::int64_t unit) {
  const std::int64_t parts = (rows + part - 1) / part;
  const std::int64_t even = (rows + parts - 1) / parts;
  return std::min((even + unit - 1) / unit * unit, rows);
}

std::uint64_t key_of(std::uint32_t node, std::uint32_t port) {
  return std::uint64_t{node} << 32 | port;
}

}  // namespace

TileSize::TileSize(const GraphData& graph, const RowNodes& nodes, const TileGroups& groups,
                   std::uint32_t group)
    : graph_(graph),
      nodes_(nodes),
      groups_(groups),
      group_(group),
      members_(groups.members(group)) {
  for (std::uint32_t step = 0; step < members_.size(); ++step) add(step);
}

/// The value that a node reads as its operand.
TileSize::Use& TileSize::read(std::uint32_t node, std::size_t operand, std::uint32_t step) {
  const Edge& edge = graph_.operands_of(node)[operand];
  Key key = key_of(edge.node, edge.port);
  if (const auto at = alias_of_.find(key); at != alias_of_.end()) key = at->second;
  const bool by_row = nodes_.reads_by_row(node, operand);
  const auto [at, is_new] = uses_.try_emplace(
      key, Use{edge.type_only ? 0 : graph_.type(edge).bytes(), by_row, true, step, step});
  Use& use = at->second;
  if (!edge.type_only && use.bytes == 0) use.bytes = graph_.type(edge).bytes();
  divisible_ = divisible_ && use.by_row == by_row;
  const bool is_take = graph_.ops[graph_.records[node].op].op.get_if<Take>() != nullptr;
  use.whole = use.whole || !(by_row || (is_take && operand == 0));
  use.last = step;
  return use;
}

void TileSize::add(std::uint32_t step) {
  const std::uint32_t node = members_[step];
  const Op& op = graph_.ops[graph_.records[node].op].op;
  const auto operands = graph_.operands_of(node);
  const bool is_own = groups_.of(node) == group_;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Use& use = read(node, i, step);
    if (!operands[i].type_only && op.traits().alias < 0 && is_own) moved_by_nodes_ += use.bytes;
  }
  if (op.get_if<Matmul>() != nullptr && !nodes_.reads_by_row(node, 1))
    least_rows_ = rows_of_product;
  const ResultTypes types = graph_.types_of(node);
  for (std::uint32_t port = 0; port < types.size(); ++port) {
    const Key key = key_of(node, port);
    if (op.traits().alias >= 0) {
      const Edge& edge = operands[static_cast<std::size_t>(op.traits().alias)];
      const Key of = key_of(edge.node, edge.port);
      const auto known = alias_of_.find(of);
      alias_of_[key] = known == alias_of_.end() ? of : known->second;
      if (is_own && groups_.is_stored(node, port)) uses_[alias_of_[key]].outside = true;
      continue;
    }
    const bool is_stored = is_own && groups_.is_stored(node, port);
    uses_[key] = {types[port].bytes(), !nodes_.sums_rows(node), is_stored, step, step};
    if (is_own) moved_by_nodes_ += types[port].bytes();
  }
}

/// The largest number of bytes of all rows that lie between two nodes at a time.
std::size_t TileSize::most_alive() const {
  std::vector<std::size_t> born(members_.size() + 1), dying(members_.size() + 1);
  for (const auto& [key, use] : uses_) {
    if (!use.by_row) continue;
    born[use.first] += use.bytes;
    dying[use.last] += use.bytes;
  }
  std::size_t alive = 0, highest = 0;
  for (std::size_t step = 0; step < members_.size(); ++step) {
    alive += born[step];
    highest = std::max(highest, alive);
    alive -= dying[step];
  }
  return highest;
}

std::int64_t TileSize::rows() const {
  std::size_t all = 0, moved = 0, shared = 0;
  bool reads_rows = false;
  for (const auto& [key, use] : uses_) {
    all += use.bytes;
    if (use.outside) moved += use.bytes;
    if (use.whole) shared += use.bytes;
    reads_rows = reads_rows || (use.by_row && use.outside && use.bytes > 0);
  }
  const auto saved = static_cast<double>(moved_by_nodes_) - static_cast<double>(moved);
  if (!divisible_ || !reads_rows || all < least_bytes ||
      saved < least_saving * static_cast<double>(moved_by_nodes_))
    return 0;
  const std::int64_t rows = nodes_.rows(members_[0]);
  const std::size_t of_row =
      std::max<std::size_t>(most_alive() / static_cast<std::size_t>(rows), 1);
  if (shared > tile_bytes || of_row > most_row_bytes || rows < least_tiles) return 0;
  const auto fitting = static_cast<std::int64_t>((tile_bytes - shared) / of_row);
  const RowNodes::Chunks& chunks = groups_.chunks(group_);
  const std::int64_t divided = chunks.rows > 0 ? chunks.rows : rows;  // into whole tiles
  const std::int64_t tile =
      std::clamp<std::int64_t>(fitting, 1, std::min(divided, rows / least_tiles));
  const std::int64_t even = even_part(divided, tile, tile < chunks.at_once ? 1 : chunks.at_once);
  return even < least_rows_ ? 0 : even;
}

}  // namespace dagrad::detail
