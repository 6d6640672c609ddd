#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "dagrad/compile.hpp"
#include "dagrad/error.hpp"
#include "dagrad/passes/tile.hpp"
#include "src/exec/tiles.hpp"
#include "src/passes/tile_graph.hpp"

namespace dagrad {

namespace detail {

namespace {

/// Computes tiles of one size. Any number of threads may use it at once.
class TileFunction {
 public:
  /// Prepares for `threads` of them; if there are more, a tile allocates memory.
  TileFunction(const TileGraph& tile, const Machine& machine, int threads)
      : function_(machine.compile(tile.results, {.threads = 1, .passes = {}})) {
    for (const TileGraph::Operand& operand : tile.operands)
      operands_.push_back({operand.input, operand.input.type(),
                           operand.by_row ? row_bytes(operand.input, tile.rows) : 0});
    for (const Value& result : tile.results)
      results_.push_back({result, result.type(), row_bytes(result, tile.rows)});
    for (int i = 0; i < threads; ++i) idle_.push_back(function_.bind());
  }

  /// Of the arenas of its runs.
  std::size_t bytes() const { return idle_.size() * function_.peak_bytes(); }

  /// Computes the tile that begins with this row.
  void operator()(const EvalContext& c, std::int64_t row) const {
    BoundRun run = take();
    const auto first = static_cast<std::size_t>(row);
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      const auto* const all = static_cast<const std::byte*>(c.ins[i].data);
      run.feed(operands_[i].value, View{all + first * operands_[i].row_bytes, operands_[i].type});
    }
    for (std::size_t i = 0; i < results_.size(); ++i) {
      auto* const all = static_cast<std::byte*>(c.outs[i].data);
      run.store(i, MutableView{all + first * results_[i].row_bytes, results_[i].type});
    }
    run();
    give_back(std::move(run));
  }

 private:
  struct Part {
    Value value;
    Type type;
    std::size_t row_bytes;  ///< the distance from one row to the next; 0: tiles have it in common
  };

  static std::size_t row_bytes(const Value& value, std::int64_t rows) {
    return value.type().bytes() / static_cast<std::size_t>(rows);
  }
  BoundRun take() const {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        BoundRun run = std::move(idle_.back());
        idle_.pop_back();
        return run;
      }
    }
    return function_.bind();
  }
  void give_back(BoundRun run) const {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(run));
  }

  Function function_;
  std::vector<Part> operands_, results_;
  mutable std::mutex mutex_;
  mutable std::vector<BoundRun> idle_;
};

/// What `prepare` makes: the tiles, and the last one if it is smaller.
struct Tiles {
  std::int64_t rows = 0, rows_of_tile = 1;
  std::unique_ptr<const TileFunction> whole, rest;
};

}  // namespace

std::size_t bytes_of_tiles(const void* prepared) {
  const auto& tiles = *static_cast<const Tiles*>(prepared);
  return (tiles.whole ? tiles.whole->bytes() : 0) + (tiles.rest ? tiles.rest->bytes() : 0);
}

}  // namespace detail

std::size_t Tiled::attributes::hash(const Tiled& op) {
  return std::hash<const void*>()(op.tile.get());
}

void Tiled::attributes::visit(const Tiled& op, const AttributeVisitor& visit) {
  std::int64_t nodes = 0;
  for (std::uint32_t id = 0; id < op.tile->graph.size(); ++id)
    if (op.tile->graph.node(id).kind() == NodeKind::op) ++nodes;
  visit("nodes", nodes);
  visit("rows", op.tile->rows);
}

std::vector<Type> Tiled::infer(std::span<const Type> in) const {
  check_operand_count(in.size(), tile->operands.size());
  std::int64_t rows = -1;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto& [input, by_row] = tile->operands[i];
    if (by_row && rows < 0) rows = in[i].shape.rank() > 0 ? in[i].shape[0] : tile->rows;
    const Type wanted = by_row ? detail::type_of_rows(input.type(), rows) : input.type();
    if (in[i] == wanted) continue;
    const std::string text = "operand " + std::to_string(i) + " must be " + to_string(wanted) +
                             ", got " + to_string(in[i]);
    if (in[i].dtype != wanted.dtype) throw TypeError(text);
    throw ShapeError(text);
  }
  if (rows < 0) rows = tile->all_rows;
  std::vector<Type> results;
  for (const Value& result : tile->results)
    results.push_back(detail::type_of_rows(result.type(), rows));
  return results;
}

std::shared_ptr<const void> Tiled::prepare(const PlanContext& plan) const {
  auto tiles = std::make_shared<detail::Tiles>();
  tiles->rows = plan.out[0].shape[0];
  tiles->rows_of_tile = tile->rows;
  const std::int64_t rest = tiles->rows % tile->rows;
  if (tiles->rows >= tile->rows)
    tiles->whole =
        std::make_unique<detail::TileFunction>(*tile, plan.machine(), plan.machine().threads());
  if (rest > 0)
    tiles->rest =
        std::make_unique<detail::TileFunction>(detail::for_rows(*tile, rest), plan.machine(), 1);
  return tiles;
}

void Tiled::eval(const EvalContext& c) const {
  const auto& tiles = c.state<detail::Tiles>();
  const std::int64_t size = tiles.rows_of_tile, whole = tiles.rows / size;
  c.parallel(whole + (tiles.rest ? 1 : 0), [&](std::int64_t i) {
    i < whole ? (*tiles.whole)(c, i * size) : (*tiles.rest)(c, i * size);
  });
}

}  // namespace dagrad
