#include "dagrad/passes/windows.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "dagrad/ops/shape_ops.hpp"
#include "src/graph/rewriting.hpp"
#include "src/passes/changes.hpp"
#include "src/passes/joint_nodes.hpp"
#include "src/passes/limits.hpp"
#include "src/passes/window_boxes.hpp"

namespace dagrad {

namespace {

using detail::Edge, detail::GraphData, detail::JointNodes, detail::JointOp, detail::Window;

// Each row of each box costs a call.
constexpr std::int64_t least_row_size = 128, most_boxes = 64;

/// Finds the elementwise nodes that read through windows, and the large slices and pads that they
/// see through.
class WindowNodes final : public JointNodes {
 public:
  WindowNodes(const GraphData& graph, std::span<const Value> values)
      : graph_(graph), nodes_(detail::needed(graph, values, {}, "read_windows")) {
    const std::size_t size = nodes_.empty() ? 0 : nodes_.back() + 1;
    is_window_.resize(size);
    kept_.resize(size);
    group_.resize(size, none);
    for (const Value& value : values) kept_[value.node_id()] = true;
    for (const std::uint32_t node : nodes_) is_window_[node] = classify(node);
    do {
      readers_.clear();
      std::fill(group_.begin(), group_.end(), none);
      for (const std::uint32_t node : nodes_) find_group(node);
      find_kept();
    } while (close_kept());
    for (std::uint32_t group = 0; group < readers_.size(); ++group) find_members(group);
  }

  bool any() const { return !readers_.empty(); }

  std::span<const std::uint32_t> nodes() const override { return nodes_; }
  bool is_ordered(std::uint32_t node) const override {
    return is_op(node) && op_of(node).traits().ordered;
  }
  bool is_kept(std::uint32_t node) const override { return kept_[node] != 0; }
  std::uint32_t group_of(std::uint32_t node) const override { return group_[node]; }
  std::span<const std::uint32_t> members(std::uint32_t group) const override {
    return members_[group];
  }
  std::optional<JointOp> joint_op(std::uint32_t group) override { return readers_[group].op; }

 private:
  /// An elementwise node that reads through windows.
  struct Reader {
    std::uint32_t node;
    JointOp op;
    std::vector<std::uint32_t> windows;  ///< the slices and pads that it sees through
  };

  bool is_op(std::uint32_t node) const { return graph_.records[node].kind == NodeKind::op; }
  const Op& op_of(std::uint32_t node) const { return graph_.ops[graph_.records[node].op].op; }

  bool classify(std::uint32_t node) const;
  void look_through(std::uint32_t node, Window& window) const;
  Window window_of(Edge& edge, std::vector<std::uint32_t>& windows) const;
  void find_group(std::uint32_t node);
  void find_kept();
  bool close_kept();
  void find_members(std::uint32_t group);

  const GraphData& graph_;
  std::vector<std::uint32_t> nodes_;
  /// By node: whether it is a window, and whether it is kept. Bits would take longer to look up.
  std::vector<std::uint8_t> is_window_, kept_;
  std::vector<std::uint32_t> group_;  ///< by node
  std::vector<Reader> readers_;       ///< by group
  std::vector<std::vector<std::uint32_t>> members_;
};

bool has_unit_steps(const std::vector<Range>& ranges) {
  return std::ranges::all_of(ranges, [](const Range& range) { return range.step == 1; });
}

/// Whether the node is a large slice with steps of 1, or a large tensor padded with zeros.
bool WindowNodes::classify(std::uint32_t node) const {
  if (!is_op(node) || graph_.types_of(node)[0].bytes() < detail::large_window) return false;
  const Op& op = op_of(node);
  if (const auto* const slice = op.get_if<Slice>()) return has_unit_steps(slice->ranges);
  if (const auto* const unslice = op.get_if<UnsliceLike>()) return has_unit_steps(unslice->ranges);
  const auto* const pad = op.get_if<Pad>();
  return pad != nullptr && pad->value == 0 && !std::signbit(pad->value);
}

/// Adds what a slice or a pad does to a window on its operand.
void WindowNodes::look_through(std::uint32_t node, Window& window) const {
  const Op& op = op_of(node);
  const Shape shape = graph_.types_of(node)[0].shape;
  const auto* const slice = op.get_if<Slice>();
  const auto* const unslice = op.get_if<UnsliceLike>();
  const auto* const pad = op.get_if<Pad>();
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    if (pad != nullptr) {
      window.pad(axis, pad->before[i], pad->after[i]);
    } else if (slice != nullptr && i < slice->ranges.size()) {
      const Positions at = positions(slice->ranges[i], window.seen[axis]);
      window.slice(axis, at.first, at.count);
    } else if (unslice != nullptr && i < unslice->ranges.size()) {
      const Positions at = positions(unslice->ranges[i], shape[axis]);
      window.pad(axis, at.first, shape[axis] - at.first - at.count);
    }
  }
}

/// The window through which an operand is read; `edge` becomes what is seen through it.
Window WindowNodes::window_of(Edge& edge, std::vector<std::uint32_t>& windows) const {
  std::vector<std::uint32_t> path;
  while (is_window_[edge.node]) {
    path.push_back(edge.node);
    edge = graph_.operands_of(edge.node)[0];
  }
  Window window(graph_.type(edge).shape);
  for (auto node = path.rbegin(); node != path.rend(); ++node) look_through(*node, window);
  windows.insert(windows.end(), path.begin(), path.end());
  return window;
}

void WindowNodes::find_group(std::uint32_t node) {
  if (!is_op(node) || is_window_[node]) return;
  const auto operands = graph_.operands_of(node);
  if (std::ranges::none_of(operands, [&](const Edge& edge) { return is_window_[edge.node]; }))
    return;
  ProgramPtr program = detail::formula_of(graph_, node, Windowed::most_operands);
  if (!program) return;
  Reader reader{node, {}, {}};
  std::vector<Window> windows;
  for (Edge edge : operands) {
    windows.push_back(window_of(edge, reader.windows));
    reader.op.operands.push_back({Edge(edge.node, edge.port, false), &graph_.type(edge).shape});
  }
  if (std::ranges::all_of(windows, [](const Window& window) { return window.is_whole(); }) ||
      detail::seen_shape(windows) != graph_.types_of(node)[0].shape ||
      detail::count_window_boxes(windows) > most_boxes)
    return;
  std::int64_t rows = 0;
  for (const detail::WindowBox& box : detail::window_boxes(windows)) rows += box.rows();
  if (rows * least_row_size > graph_.types_of(node)[0].elements()) return;
  reader.op.op =
      Windowed{std::move(program), std::make_shared<const std::vector<Window>>(std::move(windows))};
  for (std::uint32_t port = 0; port < graph_.types_of(node).size(); ++port)
    reader.op.results.emplace_back(node, port, false);
  group_[node] = static_cast<std::uint32_t>(readers_.size());
  readers_.push_back(std::move(reader));
}

/// Slices and pads are kept if others need them, which includes those of them that are kept. All
/// other nodes are.
void WindowNodes::find_kept() {
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    if (!is_window_[*node]) kept_[*node] = true;
    if (!kept_[*node] || group_[*node] != none || !is_op(*node)) continue;
    for (const Edge& edge : graph_.operands_of(*node))
      if (!edge.type_only) kept_[edge.node] = true;
  }
}

/// Slices and pads that are kept can be read, and are no longer seen through. Returns whether there
/// are any.
bool WindowNodes::close_kept() {
  bool changed = false;
  for (const std::uint32_t node : nodes_) {
    if (!kept_[node] || !is_window_[node]) continue;
    is_window_[node] = false;
    changed = true;
  }
  return changed;
}

/// A slice or pad becomes a part of the first node that sees through it.
void WindowNodes::find_members(std::uint32_t group) {
  const Reader& reader = readers_[group];
  std::vector<std::uint32_t> members = reader.windows;
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  std::erase_if(members, [&](std::uint32_t node) { return group_[node] != none; });
  for (const std::uint32_t node : members) group_[node] = group;
  members.push_back(reader.node);
  members_.push_back(std::move(members));
}

}  // namespace

detail::Change detail::window_groups(const Graph& graph, std::span<const Value> values) {
  const GraphData& from = Access::data(graph);
  WindowNodes nodes(from, values);
  return nodes.any() ? Change(join_nodes(from, "read_windows", nodes)) : Change();
}

PassResult read_windows(const Graph& graph, std::span<const Value> values) {
  return detail::or_copy(detail::window_groups(graph, values), graph, values);
}

}  // namespace dagrad
