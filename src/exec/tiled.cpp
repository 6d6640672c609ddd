#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "dagrad/compile.hpp"
#include "dagrad/error.hpp"
#include "dagrad/kernels/sums.hpp"
#include "dagrad/passes/tile.hpp"
#include "dagrad/scratch.hpp"
#include "src/exec/tiles.hpp"
#include "src/passes/idle.hpp"
#include "src/passes/tile_graph.hpp"

namespace dagrad {

namespace detail {

namespace {

/// By result: what adds up its rows, or null if they are stored.
using Adders = std::vector<std::unique_ptr<kernels::RowSum::Adder>>;

/// Computes tiles of one size. Any number of threads may use it at once.
class TileFunction {
 public:
  /// Prepares for `threads` of them; if there are more, a tile allocates memory.
  TileFunction(const TileGraph& tile, const Machine& machine, std::int64_t threads)
      : rows_(tile.rows) {
    std::vector<Value> values;  // each of them once, even if it is both stored and summed
    for (const TileGraph::Operand& operand : tile.operands)
      operands_.push_back({operand.input, operand.input.type(),
                           operand.by_row ? row_bytes(operand.input, rows_) : 0});
    for (const TileGraph::Result& result : tile.results) {
      const auto at = std::ranges::find(values, result.value);
      results_.push_back({result.value, result.value.type(), row_bytes(result.value, rows_),
                          static_cast<std::size_t>(at - values.begin())});
      if (at == values.end()) values.push_back(result.value);
    }
    function_ = machine.compile(values, {.threads = 1, .passes = {}});
    for (std::int64_t i = 0; i < threads; ++i) idle_.give_back(function_.bind());
  }

  std::int64_t rows() const { return rows_; }
  /// Of the arenas of its runs.
  std::size_t bytes() const { return idle_.size() * function_.peak_bytes(); }

  /// Computes the tile that begins with this row.
  void operator()(const EvalContext& c, std::int64_t row, const Adders& adders) const {
    BoundRun run = idle_.take([&] { return function_.bind(); });
    const auto first = static_cast<std::size_t>(row);
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      const auto* const all = static_cast<const std::byte*>(c.ins[i].data);
      run.feed(operands_[i].value, View{all + first * operands_[i].row_bytes, operands_[i].type});
    }
    for (std::size_t i = 0; i < results_.size(); ++i) {
      if (adders[i]) continue;
      auto* const all = static_cast<std::byte*>(c.outs[i].data);
      run.store(results_[i].at, MutableView{all + first * results_[i].row_bytes, results_[i].type});
    }
    run();
    for (std::size_t i = 0; i < results_.size(); ++i)
      if (adders[i]) adders[i]->add(run.fetch(results_[i].at).data, rows_);
    idle_.give_back(std::move(run));
  }

 private:
  struct Part {
    Value value;
    Type type;
    std::size_t row_bytes;  ///< the distance from one row to the next; 0: tiles have it in common
    std::size_t at = 0;     ///< the number of a result among those of the function
  };

  static std::size_t row_bytes(const Value& value, std::int64_t rows) {
    return value.type().bytes() / static_cast<std::size_t>(rows);
  }

  std::int64_t rows_;
  Function function_;
  std::vector<Part> operands_, results_;
  mutable Idle<BoundRun> idle_;
};

/// The sums over rows among the results of a tile, and their scratch memory.
struct RowSums {
  std::vector<std::unique_ptr<const kernels::RowSum>> of_result;  ///< null for any other result
  std::vector<ScratchPart> parts;
  ScratchLayout layout;

  explicit RowSums(const TileGraph& tile) {
    for (const TileGraph::Result& result : tile.results) {
      of_result.push_back(nullptr);
      if (result.sum)
        of_result.back() =
            kernels::row_sum(type_of_rows(result.value.type(), tile.all_rows), *result.sum);
      const std::size_t bytes = of_result.back() ? of_result.back()->scratch() : 0;
      parts.push_back(layout.add<std::byte>(static_cast<std::int64_t>(bytes)));
    }
  }
  Adders adders(const Machine& machine) const {
    Adders adders;
    for (const auto& sum : of_result) adders.push_back(sum ? sum->adder(machine) : nullptr);
    return adders;
  }
};

/// What `prepare` makes. Rows are divided into chunks, which are computed at the same time, and
/// chunks into tiles: the chunks of sums over rows, or else chunks of one tile.
class Tiles {
 public:
  Tiles(const TileGraph& tile, const Machine& machine, std::int64_t rows)
      : rows_(rows), rows_of_tile_(tile.rows), rows_of_chunk_(tile.rows), sums_(tile) {
    for (const auto& sum : sums_.of_result)
      if (sum) rows_of_chunk_ = sum->rows_of_chunk();
    for (int i = 0; i < machine.threads(); ++i) adders_.give_back(sums_.adders(machine));
    const std::int64_t last = rows_ % rows_of_chunk_;
    const std::int64_t at_once = std::min<std::int64_t>(machine.threads(), rows_ / rows_of_chunk_);
    if (at_once > 0) add_sizes(tile, machine, rows_of_chunk_, at_once);
    add_sizes(tile, machine, last, 1);
  }

  std::size_t bytes() const {
    std::size_t bytes = 0;
    for (const auto& function : functions_) bytes += function->bytes();
    return bytes;
  }

  void compute(const EvalContext& c) const {
    c.parallel((rows_ + rows_of_chunk_ - 1) / rows_of_chunk_,
               [&](std::int64_t chunk) { compute(c, chunk); });
    for (std::size_t i = 0; i < sums_.parts.size(); ++i)
      if (sums_.of_result[i])
        sums_.of_result[i]->join(sums_.parts[i].in<std::byte>(c.scratch()).data(), c.outs[i]);
  }

 private:
  /// Prepares for chunks of so many rows, of which so many are computed at the same time.
  void add_sizes(const TileGraph& tile, const Machine& machine, std::int64_t rows,
                 std::int64_t chunks) {
    for (const std::int64_t size : {std::min(rows, rows_of_tile_), rows % rows_of_tile_})
      if (size > 0 && function(size) == nullptr)
        functions_.push_back(
            std::make_unique<const TileFunction>(for_rows(tile, size), machine, chunks));
  }
  const TileFunction* function(std::int64_t rows) const {
    for (const auto& function : functions_)
      if (function->rows() == rows) return function.get();
    return nullptr;
  }

  void compute(const EvalContext& c, std::int64_t chunk) const {
    Adders adders = adders_.take([&] { return sums_.adders(c.machine()); });
    for (const auto& adder : adders)
      if (adder) adder->begin();
    const std::int64_t end = std::min(rows_, (chunk + 1) * rows_of_chunk_);
    for (std::int64_t row = chunk * rows_of_chunk_; row < end; row += rows_of_tile_)
      (*function(std::min(rows_of_tile_, end - row)))(c, row, adders);
    for (std::size_t i = 0; i < adders.size(); ++i)
      if (adders[i]) adders[i]->finish(chunk, sums_.parts[i].in<std::byte>(c.scratch()).data());
    adders_.give_back(std::move(adders));
  }

  std::int64_t rows_, rows_of_tile_, rows_of_chunk_;
  RowSums sums_;
  std::vector<std::unique_ptr<const TileFunction>> functions_;
  mutable Idle<Adders> adders_;
};

}  // namespace

std::size_t bytes_of_tiles(const void* prepared) {
  return static_cast<const Tiles*>(prepared)->bytes();
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
  std::int64_t rows = tile->sums_rows() ? tile->all_rows : -1;
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
  for (const auto& [value, sum, of_sum] : tile->results)
    results.push_back(sum ? of_sum : detail::type_of_rows(value.type(), rows));
  return results;
}

std::size_t Tiled::scratch(const PlanContext& /*plan*/) const {
  return detail::RowSums(*tile).layout.bytes();
}

std::shared_ptr<const void> Tiled::prepare(const PlanContext& plan) const {
  const std::int64_t rows = tile->sums_rows() ? tile->all_rows : plan.out[0].shape[0];
  return std::make_shared<const detail::Tiles>(*tile, plan.machine(), rows);
}

void Tiled::eval(const EvalContext& c) const { c.state<detail::Tiles>().compute(c); }

}  // namespace dagrad
