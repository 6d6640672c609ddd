#include "src/pictures/operand_names.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace dagrad::detail {

namespace {

struct OperandsOf {
  std::string_view op;
  std::array<std::string_view, 4> names;
};

/// Sorted by op. An empty name means that the operand needs no label beside the others.
constexpr OperandsOf operands_of_known[] = {
    {"adagrad_step", {"parameter", "square sum", "gradient", "rate"}},
    {"adam_step", {"parameter", "first", "second", "gradient"}},
    {"add_along_axis", {"to", "indices", "values"}},
    {"atan2", {"y", "x"}},
    {"avg_pool_gradient", {"d", "like"}},
    {"bernoulli", {"key", "p"}},
    {"binary_cross_entropy", {"p", "target"}},
    {"binary_cross_entropy_with_logits", {"logits", "target"}},
    {"categorical", {"key", "logits"}},
    {"clamp", {"x", "low", "high"}},
    {"conv", {"x", "kernel"}},
    {"conv_kernel", {"x", "d", "like"}},
    {"conv_transpose", {"x", "kernel", "like"}},
    {"copysign", {"size", "sign"}},
    {"cross_entropy", {"logits", "targets"}},
    {"cross_entropy_gradient", {"d", "logits", "targets"}},
    {"descend", {"parameter", "gradient", "rate"}},
    {"descend_with_momentum", {"parameter", "velocity", "gradient", "rate"}},
    {"div", {"dividend", "divisor"}},
    {"dropout", {"x", "key"}},
    {"floor_divide", {"dividend", "divisor"}},
    {"fold_in", {"key", "i"}},
    {"greater", {"left", "right"}},
    {"greater_equal", {"left", "right"}},
    {"half_squared_error", {"prediction", "target"}},
    {"hinge", {"x", "target"}},
    {"huber", {"prediction", "target"}},
    {"kl_divergence", {"log p", "target"}},
    {"lerp", {"from", "to", "t"}},
    {"less", {"left", "right"}},
    {"less_equal", {"left", "right"}},
    {"masked", {"x", "mask"}},
    {"masked_matmul", {"weights", "x", "mask"}},
    {"masked_scores", {"q", "k", "mask"}},
    {"masked_softmax", {"x", "mask"}},
    {"masked_softmax_gradient", {"d", "y", "mask"}},
    {"matmul", {"left", "right"}},
    {"max_pool_gradient", {"d", "x"}},
    {"max_pool_pick", {"x", "by"}},
    {"nll", {"log p", "targets"}},
    {"normalize", {"x", "scale", "shift"}},
    {"normalize_channels", {"x", "scale", "shift"}},
    {"normalize_rows", {"x", "scale", "shift"}},
    {"pow", {"base", "exponent"}},
    {"power", {"base", "exponent"}},
    {"pull", {"cotangent", "slope"}},
    {"put_along_axis", {"to", "indices", "values"}},
    {"recurrence", {"factor", "term"}},
    {"remainder", {"dividend", "divisor"}},
    {"rmsprop_step", {"parameter", "square", "gradient", "rate"}},
    {"scale_shift", {"x", "scale", "shift"}},
    {"solve", {"a", "b"}},
    {"sub", {"left", "right"}},
    {"take_along_axis", {"x", "indices"}},
    {"tied_share", {"x", "total"}},
    {"triangular_solve", {"a", "b"}},
    {"where", {"if", "then", "else"}},
};
static_assert(std::is_sorted(std::begin(operands_of_known), std::end(operands_of_known),
                             [](const auto& a, const auto& b) { return a.op < b.op; }));

}  // namespace

std::string operand_name(const Op& op, std::size_t i, std::size_t n) {
  if (n < 2 || op.traits().commutative || op.name() == "add_n") return {};
  const auto at = std::lower_bound(
      std::begin(operands_of_known), std::end(operands_of_known), op.name(),
      [](const OperandsOf& known, std::string_view name) { return known.op < name; });
  const bool known = at != std::end(operands_of_known) && at->op == op.name();
  if (known && i < at->names.size() && !at->names[i].empty()) return std::string(at->names[i]);
  // As formulas of programs call them.
  return i < 4 ? std::string(1, "xyzw"[i]) : "x" + std::to_string(i);
}

}  // namespace dagrad::detail
