#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"

namespace dagrad {

/// Decides which pairs of a query and a key take part in scores of shape [..., T, S]. An optional
/// mask of bools, the last operand, allows a pair where it is true. With `causal`, query t may
/// attend only to the keys up to t + S − T. A masked pair counts as absent: even if it is infinite
/// or NaN, it affects neither a result nor a gradient.
struct Masking {
  bool causal = false;
  using attributes = dagrad::attributes<&Masking::causal>;
  std::vector<Value> batch(const BatchContext& b) const;
};

struct MaskedSoftmax : Masking {
  static constexpr auto name = "masked_softmax";
  static constexpr auto doc =
      "Softmax of each row of x [..., T, S] over the columns that are allowed: those where the "
      "optional mask is true and, with causal, those up to column t + S - T in row t. All other "
      "columns are 0, and so is a row in which no column is allowed.";
  static constexpr std::array in_place{0};
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  std::shared_ptr<const ProgramLoop> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The gradient rule of MaskedSoftmax appends this op, which is linear and symmetric in its
/// cotangent d.
struct MaskedSoftmaxGradient : Masking {
  static constexpr auto name = "masked_softmax_gradient";
  static constexpr auto doc =
      "y * (d - sum(d * y)) for a cotangent d and a masked softmax y, summed over the allowed "
      "columns; 0 in all other columns.";
  static constexpr std::array in_place{0};
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct Masked : Masking {
  static constexpr auto name = "masked";
  static constexpr auto doc = "x where the mask and, with causal, the position allow it, else 0.";
  static constexpr std::array in_place{0};
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// Products of the queries q [..., T, d] and the keys k [..., S, d]: [..., T, S].
struct MaskedScores : Masking {
  static constexpr auto name = "masked_scores";
  static constexpr auto doc =
      "The matrix product of q and the transpose of k where a query may attend to a key, else 0; "
      "batches broadcast.";
  static constexpr bool broadcasts = true;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// Products of weights [..., T, S] with x [..., S, e], giving [..., T, e]; or, with the weights
/// transposed, of [..., T, e], giving [..., S, e].
struct MaskedMatmul : Masking {
  bool transpose = false;
  using attributes = dagrad::attributes<&Masking::causal, &MaskedMatmul::transpose>;
  static constexpr auto name = "masked_matmul";
  static constexpr auto doc =
      "The matrix product of weights, transposed on request, and x, to which only the allowed "
      "pairs contribute; batches broadcast.";
  static constexpr bool broadcasts = true;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct AttentionOptions {
  bool causal = false;
  std::optional<double> scale = {};  ///< of the scores; 1 / sqrt(d) by default
  std::optional<Operand> mask = {};
};

/// Scaled dot-product attention (Vaswani et al. 2017): softmax(scale · q kᵀ) v for queries q [...,
/// T, d], keys k [..., S, d] and values v [..., S, e] of the same float dtype, float32 or float64.
/// Leading axes broadcast; the result is [..., T, e].
///
/// A mask of bools that broadcasts to [..., T, S] is true where a query may attend to a key. With
/// `causal`, query t may attend to the keys up to t + S − T: the last query sees all keys, so
/// queries that continue a longer sequence of keys are aligned with its end. (PyTorch aligns them
/// with its start; for T = S both are the same.) Keys that a query may not attend to count as
/// absent: a NaN or an infinity there affects neither the query's result nor any gradient. A query
/// that may attend to no key gives 0 and gets gradient 0.
///
/// Throws ShapeError if an operand has fewer than two axes or the shapes do not fit, TypeError for
/// ints, for dtypes that differ and for a mask that is not bool, and ArgumentError if the scale is
/// not finite.
Value attention(const Operand& q, const Operand& k, const Operand& v,
                const AttentionOptions& options = {});

/// Attention with `heads` heads: q [..., T, heads · d], k [..., S, heads · d] and v [..., S, heads
/// · e] are split along the last axis, and the results are joined to [..., T, heads · e]. A mask
/// broadcasts to [..., heads, T, S]. Throws as `attention` does, and ShapeError if `heads` does not
/// divide the last axes.
Value multi_head_attention(const Operand& q, const Operand& k, const Operand& v, std::int64_t heads,
                           const AttentionOptions& options = {});

}  // namespace dagrad
