#include "dagrad/axes.hpp"
#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/norm.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/passes.hpp"
#include "src/passes/alike.hpp"

namespace dagrad {

namespace {

/// Whether nodes of this op may be squares.
bool may_square(const Op& op) {
  return op.get_if<Square>() || op.get_if<Mul>() || op.get_if<Power>() || op.get_if<Pow>();
}

/// x, where the node computes x² in one of the ways in which that can be written; otherwise empty.
Value squared(const Op& op, std::span<const Value> in) {
  if (op.get_if<Square>()) return in[0];
  if (const auto* const power = op.get_if<Power>()) return power->exponent == 2 ? in[0] : Value();
  if (op.get_if<Pow>()) return known_fill(in[1]) == 2 ? in[0] : Value();
  return op.get_if<Mul>() && detail::made_alike(in[0], in[1]) ? in[0] : Value();
}
Value squared(const Value& value) {
  const Node node = value.node();
  if (node.kind() != NodeKind::op) return {};
  const Value x = squared(node.op(), node.operands());
  return !x.empty() && x.type() == value.type() ? x : Value();
}

/// sqrt(square(x))
Value root_of_square(const RuleSite& at) {
  const Value x = squared(at.in());
  return x.empty() ? Value() : abs(x);
}

/// sqrt(square(x) + square(y))
Value root_of_two_squares(const RuleSite& at) {
  if (!made_by<Add>(at.in())) return {};
  const Value x = squared(operand_of(at.in(), 0)), y = squared(operand_of(at.in(), 1));
  return x.empty() || y.empty() ? Value() : hypot(x, y);
}

/// log(softmax(x))
Value log_of_softmax(const RuleSite& at) {
  const auto* op = made_by<Softmax>(at.in());
  return op != nullptr ? log_softmax(operand_of(at.in()), op->axis) : Value();
}

/// log(sum(exp(x)))
Value log_of_sum_of_exp(const RuleSite& at) {
  const auto* op = made_by<Sum>(at.in());
  if (op == nullptr || !made_by<Exp>(operand_of(at.in()))) return {};
  return apply(LogSumExp{*op}, {operand_of(operand_of(at.in()))});
}

/// sqrt(sum(square(x)))
Value root_of_sum_of_squares(const RuleSite& at) {
  const auto* op = made_by<Sum>(at.in());
  const Value x = op != nullptr ? squared(operand_of(at.in())) : Value();
  return x.empty() ? Value() : apply(Norm{{*op}, 2}, {x});
}

/// square(norm(x))
Value square_of_norm(const RuleSite& at) {
  const auto* op = made_by<Norm>(at.in());
  if (op == nullptr || op->order != 2 || squared(at.op, at.operands).empty()) return {};
  return apply(Sum{*op}, {square(operand_of(at.in()))});
}

/// exp(x) / sum(exp(x)) over one axis, which is kept
Value exp_over_sum_of_exp(const RuleSite& at) {
  const auto* sum = made_by<Sum>(at.in(1));
  if (sum == nullptr || !sum->keep_dims || !made_by<Exp>(at.in(0)) ||
      !detail::made_alike(operand_of(at.in(1)), at.in(0)))
    return {};
  if (sum->axes.size() == 1) return softmax(operand_of(at.in(0)), sum->axes[0]);
  return at.type.shape.rank() == 1 && sum->axes.empty() ? softmax(operand_of(at.in(0)), 0)
                                                        : Value();
}

using V = Value;

}  // namespace

std::vector<Rule> stabilizing_rules() {
  return {
      {"log(sigmoid(x))", [](V x) { return log(sigmoid(x)); }, [](V x) { return -softplus(-x); }},
      {"1 - sigmoid(x)", [](V x) { return 1 - sigmoid(x); }, [](V x) { return sigmoid(-x); }},
      {"1 / (1 + exp(-x))", [](V x) { return 1 / (1 + exp(-x)); }, [](V x) { return sigmoid(x); }},
      {"reciprocal(1 + exp(-x))", [](V x) { return reciprocal(1 + exp(-x)); },
       [](V x) { return sigmoid(x); }},
      {"1 / (1 + exp(x))", [](V x) { return 1 / (1 + exp(x)); }, [](V x) { return sigmoid(-x); }},
      {"reciprocal(1 + exp(x))", [](V x) { return reciprocal(1 + exp(x)); },
       [](V x) { return sigmoid(-x); }},
      {"exp(x) / (1 + exp(x))", [](V x) { return exp(x) / (1 + exp(x)); },
       [](V x) { return sigmoid(x); }},
      {"log(1 + exp(x))", [](V x) { return log(1 + exp(x)); }, [](V x) { return softplus(x); }},
      {"log1p(exp(x))", [](V x) { return log1p(exp(x)); }, [](V x) { return softplus(x); }},
      {"log(exp(x) + exp(y))", [](V x, V y) { return log(exp(x) + exp(y)); },
       [](V x, V y) { return logaddexp(x, y); }},
      {"log(exp(x))", [](V x) { return log(exp(x)); }, [](V x) { return x; }},
      {"log(1 + x)", [](V x) { return log(1 + x); }, [](V x) { return log1p(x); }},
      {"log(1 - x)", [](V x) { return log(1 - x); }, [](V x) { return log1p(-x); }},
      {"exp(x) - 1", [](V x) { return exp(x) - 1; }, [](V x) { return expm1(x); }},
      {"(-x) * x", [](V x) { return (-x) * x; }, [](V x) { return -square(x); }},
      Rule::for_op<Sqrt>("sqrt(square(x))", root_of_square).after(may_square),
      Rule::for_op<Sqrt>("sqrt(square(x) + square(y))", root_of_two_squares).after<Add>(),
      Rule::for_ops("square(norm(x))", may_square, square_of_norm).after<Norm>(),
      Rule::for_op<Sqrt>("sqrt(sum(square(x)))", root_of_sum_of_squares).after<Sum>(),
      Rule::for_op<Log>("log(softmax(x))", log_of_softmax).after<Softmax>(),
      Rule::for_op<Log>("log(sum(exp(x)))", log_of_sum_of_exp).after<Sum>(),
      Rule::for_op<Div>("exp(x) / sum(exp(x))", exp_over_sum_of_exp).after<Exp>(),
  };
}

}  // namespace dagrad
