#include "src/passes/row_nodes.hpp"

#include <algorithm>
#include <unordered_set>

#include "dagrad/ops/index.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "src/graph/rewriting.hpp"
#include "src/passes/limits.hpp"
#include "src/passes/user_levels.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

/// Products with more multiplications for each element of the three matrices spend their time on
/// arithmetic, and are faster as a whole.
constexpr double most_multiplications = 64;
constexpr std::size_t most_shared_factor = std::size_t{1} << 16;  // bytes

/// Fewer chunks of a sum over rows could not be shared evenly among threads.
constexpr std::int64_t least_chunks = 8;

// It is cheap to compute a result again that takes at most so many steps of a program and is so
// many times larger than the operands.
constexpr std::size_t few_steps = 16, times_smaller = 8;

}  // namespace

bool is_heavy_product(const Op& op, std::span<const Type> in) {
  const auto* const product = op.get_if<Matmul>();
  if (product == nullptr) return false;
  const Shape &left = in[0].shape, &right = in[1].shape;
  const auto size = [](const Shape& shape, int axis) {
    return shape.rank() < -axis ? 1.0 : static_cast<double>(shape[axis]);
  };
  const double terms =
      left.rank() == 1 ? size(left, -1) : size(left, product->transpose_left ? -2 : -1);
  const double columns = right.rank() == 1 ? 1.0 : size(right, product->transpose_right ? -2 : -1);
  if (right.rank() <= 2)  // the right matrix is read again for each tile
    return in[1].bytes() > most_shared_factor ||
           terms * columns > most_multiplications * (terms + columns);
  const double rows = left.rank() == 1 ? 1.0 : size(left, product->transpose_left ? -1 : -2);
  return rows * terms * columns >
         most_multiplications * (rows * terms + terms * columns + rows * columns);
}

Op for_any_rows(const Op& op, std::span<const Type> in) {
  const auto* const reshape = op.get_if<Reshape>();
  if (reshape == nullptr || reshape->shape.empty() || in[0].shape.rank() == 0 ||
      reshape->shape[0] != in[0].shape[0] || in[0].elements() == 0)
    return op;
  std::vector<std::int64_t> shape = reshape->shape;
  shape[0] = -1;
  for (std::size_t axis = 1; axis < shape.size(); ++axis)
    if (shape[axis] == -1) return op;
  return Reshape{shape};
}

RowNodes::RowNodes(const GraphData& graph, std::span<const Value> values)
    : graph_(graph), nodes_(needed(graph, values, {}, "tile_rows")) {
  facts_.resize(nodes_.empty() ? 0 : nodes_.back() + 1);
  for (const Value& value : values) {
    Facts& facts = facts_[value.node_id()];
    facts.read = true;
    facts.requested |= result_bit(value.port());
  }
  mark_read();
  std::unordered_set<std::int64_t> rows_of_large;
  for (const std::uint32_t node : nodes_) {
    if (!is_read(node) || (facts_[node].by_row = by_row(node)) == 0 || sums_rows(node)) continue;
    const ResultTypes types = graph.types_of(node);
    for (std::uint32_t port = 0; port < types.size(); ++port)
      if (is_large(types[port])) rows_of_large.insert(types[port].shape[0]);
  }
  for (const std::uint32_t node : nodes_) {
    if (!is_row_wise(node) || rows_of_large.contains(rows(node))) continue;
    facts_[node].by_row = 0;
    sums_.erase(node);
  }
}

bool RowNodes::have_large_values(const GraphData& graph) {
  for (std::uint32_t type = 0; type < graph.types.size(); ++type)
    if (is_large(graph.types[type])) return true;
  return false;
}

bool RowNodes::is_large(const Type& type) { return type.bytes() >= large_value; }

bool RowNodes::is_cheap(std::uint32_t node) const {
  const Op& op = graph_.ops[graph_.records[node].op].op;
  if (!is_row_wise(node) || !op.traits().elementwise) return false;
  std::vector<Type> in;
  std::size_t read = 0, made = 0;
  for (const Edge& edge : graph_.operands_of(node)) {
    in.push_back(graph_.type(edge));
    if (!edge.type_only) read += in.back().bytes();
  }
  const ResultTypes types = graph_.types_of(node);
  for (std::uint32_t port = 0; port < types.size(); ++port) made += types[port].bytes();
  if (read * times_smaller > made) return false;
  const ProgramPtr program = op->program(in);
  return program->steps.size() <= few_steps &&
         std::ranges::none_of(program->steps,
                              [](const Instruction& step) { return is_function(step.primitive); });
}

void RowNodes::mark_read() {
  for (auto at = nodes_.rbegin(); at != nodes_.rend(); ++at) {
    if (!is_read(*at)) continue;
    for (const Edge& edge : graph_.operands_of(*at))
      if (!edge.type_only) facts_[edge.node].read = true;
  }
}

/// Whether a node takes elements by constant indices, which were checked when it was made.
bool RowNodes::takes_known(std::uint32_t node) const {
  return graph_.ops[graph_.records[node].op].op.get_if<Take>() != nullptr &&
         graph_.records[graph_.operands_of(node)[1].node].kind == NodeKind::constant;
}

/// The operands that a node reads row by row, or 0 if it is to be computed as a whole.
std::uint32_t RowNodes::by_row(std::uint32_t node) {
  if (graph_.records[node].kind != NodeKind::op) return 0;
  const Op& op = graph_.ops[graph_.records[node].op].op;
  if (op.traits().ordered || (op.traits().has_validate && !takes_known(node))) return 0;
  in_.clear();
  for (const Edge& edge : graph_.operands_of(node)) in_.push_back(graph_.type(edge));
  if (in_.empty() || in_.size() > 32 || is_heavy_product(op, in_)) return 0;
  const std::uint32_t by_row = for_any_rows(op, in_)->row_operands(in_);
  if (by_row == 0) return find_sum(node) ? 1 : 0;
  const ResultTypes results = graph_.types_of(node);
  for (std::uint32_t port = 0; port < results.size(); ++port)
    if (results[port].shape.rank() == 0 || results[port].shape[0] != results[0].shape[0] ||
        results[port].shape[0] < 2)
      return 0;
  return by_row;
}

/// Whether a node, whose operands have the types `in_`, is a sum over rows that can be divided.
bool RowNodes::find_sum(std::uint32_t node) {
  const auto what = kernels::summed_axes(graph_.ops[graph_.records[node].op].op, in_);
  if (!what || in_[0].bytes() < large_value) return false;
  const auto sum = kernels::row_sum(in_[0], *what);
  if (!sum || sum->chunks() < least_chunks) return false;
  return sums_.try_emplace(node, SumOverRows{*what, {sum->rows_of_chunk(), sum->rows_at_once()}})
      .second;
}

}  // namespace dagrad::detail
