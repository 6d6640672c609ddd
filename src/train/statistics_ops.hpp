#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "dagrad/apply.hpp"
#include "dagrad/grad.hpp"
#include "dagrad/op.hpp"

/// Ops that reports on gradients are made of. Each reads its operands once.
namespace dagrad::detail {

/// Of a value and its gradient, and optionally the value after an update.
struct GradientStatisticsOp {
  static constexpr auto name = "gradient_statistics";
  static constexpr auto doc =
      "The norms of a value, of its gradient and of its update (NaN without one), and how many "
      "elements of the gradient are not 0, as float64[4].";
  static constexpr DTypes dtypes = float_dtypes;
  static constexpr no_grad grad{"it only observes a training"};
  static constexpr std::int64_t results = 4;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  double cost(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
};

struct DeadShare {
  std::int64_t axis = -1;  ///< along which units lie, from 0
  using attributes = dagrad::attributes<&DeadShare::axis>;
  static constexpr auto name = "dead_share";
  static constexpr auto doc =
      "The share of units, which lie along an axis, with no element above 0, as float64[1].";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = float_dtypes;
  static constexpr no_grad grad{"it only observes a training"};
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  double cost(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
};

struct SaturatedShare {
  std::string activation = "sigmoid";  ///< "sigmoid", "tanh", "softsign" or "hard_sigmoid"
  using attributes = dagrad::attributes<&SaturatedShare::activation>;
  static constexpr auto name = "saturated_share";
  static constexpr auto doc =
      "The share of results of an activation where its slope is below 5 % of the largest, as "
      "float64[1].";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = float_dtypes;
  static constexpr no_grad grad{"it only observes a training"};
  Type infer(std::span<const Type> in) const;
  double cost(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
};

}  // namespace dagrad::detail
