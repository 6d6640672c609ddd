#include "dagrad/axes.hpp"
#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/norm.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/passes.hpp"

namespace dagrad {

namespace {

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
  if (op == nullptr || !made_by<Square>(operand_of(at.in()))) return {};
  return apply(Norm{{*op}, 2}, {operand_of(operand_of(at.in()))});
}

/// square(norm(x))
Value square_of_norm(const RuleSite& at) {
  const auto* op = made_by<Norm>(at.in());
  if (op == nullptr || op->order != 2) return {};
  return apply(Sum{*op}, {square(operand_of(at.in()))});
}

/// exp(x) / sum(exp(x)) over one axis, which is kept
Value exp_over_sum_of_exp(const RuleSite& at) {
  const auto* sum = made_by<Sum>(at.in(1));
  if (sum == nullptr || !sum->keep_dims || operand_of(at.in(1)) != at.in(0) ||
      !made_by<Exp>(at.in(0)))
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
      {"sqrt(square(x))", [](V x) { return sqrt(square(x)); }, [](V x) { return abs(x); }},
      {"sqrt(x * x)", [](V x) { return sqrt(x * x); }, [](V x) { return abs(x); }},
      {"sqrt(square(x) + square(y))", [](V x, V y) { return sqrt(square(x) + square(y)); },
       [](V x, V y) { return hypot(x, y); }},
      {"(-x) * x", [](V x) { return (-x) * x; }, [](V x) { return -square(x); }},
      {"norm(x) * norm(x)", [](V x) { return x * x; },
       [](V x) { return made_by<Norm>(x) ? square(x) : V(); }},
      Rule::for_op<Square>("square(norm(x))", square_of_norm).after<Norm>(),
      Rule::for_op<Sqrt>("sqrt(sum(square(x)))", root_of_sum_of_squares).after<Sum>(),
      Rule::for_op<Log>("log(softmax(x))", log_of_softmax).after<Softmax>(),
      Rule::for_op<Log>("log(sum(exp(x)))", log_of_sum_of_exp).after<Sum>(),
      Rule::for_op<Div>("exp(x) / sum(exp(x))", exp_over_sum_of_exp).after<Exp>(),
  };
}

}  // namespace dagrad
