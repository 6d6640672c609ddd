#include "src/train/activation_shares.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/graph.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "src/train/statistics_ops.hpp"

namespace dagrad::detail {

namespace {

/// Whether the op's results have other things along their axes than its operands.
bool moves_axes(std::string_view op) {
  return op == "transpose" || op == "reshape" || op == "matmul" || op == "einsum";
}

/// Whether a convolution computes x, followed only by ops that keep the axes. Then axis 1 is that
/// of channels.
bool has_channels(const Value& x) {
  if (x.rank() < 3) return false;
  std::vector<Value> open{x};
  std::unordered_set<std::uint32_t> seen;
  while (!open.empty()) {
    const Node node = open.back().node();
    open.pop_back();
    const std::string_view op = node.op().name();
    if (op.starts_with("conv")) return true;
    if (moves_axes(op)) continue;
    for (const Value& operand : node.operands())
      if (operand.rank() == x.rank() && seen.insert(operand.node_id()).second)
        open.push_back(operand);
  }
  return false;
}

/// The axis along which units lie.
int unit_axis(const Value& x) { return has_channels(x) ? 1 : std::max(x.rank() - 1, 0); }

}  // namespace

bool is_reported(std::string_view op) {
  return can_die(op) || op == "sigmoid" || op == "tanh" || op == "hard_sigmoid" || op == "softsign";
}

bool can_die(std::string_view op) { return op == "relu" || op == "relu6"; }

Value inactive_share(const Value& x, std::string_view op) {
  if (!can_die(op)) return apply(SaturatedShare{std::string(op)}, {x});
  return apply(DeadShare{unit_axis(x)}, {x.rank() == 0 ? reshape(x, {1}) : x});
}

double share_weight(const Value& x, std::string_view op) {
  const bool of_units = can_die(op) && x.rank() > 0;
  return static_cast<double>(of_units ? x.shape()[unit_axis(x)] : x.size());
}

}  // namespace dagrad::detail
