#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"

namespace dagrad {

/// Which pairs of a query and a key count, of scores [..., T, S]: those that a mask of bools, the
/// last operand where there is one, allows and, where `causal`, whose key lies no further from the
/// last one than the query. What is masked is absent, infinite or NaN or not: it reaches neither a
/// result nor a gradient.
struct Masking {
  bool causal = false;
  using attributes = dagrad::attributes<&Masking::causal>;
};

struct MaskedSoftmax : Masking {
  static constexpr auto name = "masked_softmax";
  static constexpr auto doc =
      "Softmax of each row of x over the columns that a mask of bools, where there is one, allows, "
      "and, where causal, that lie no further from the end than the row; 0 in all others and where "
      "none is allowed.";
  static constexpr std::array in_place{0};
  Type infer(std::span<const Type> in) const;
  std::shared_ptr<const ProgramLoop> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// What the rule of MaskedSoftmax appends: linear and symmetric in its cotangent d.
struct MaskedSoftmaxGradient : Masking {
  static constexpr auto name = "masked_softmax_gradient";
  static constexpr auto doc =
      "y * (d - sum(d * y)) of a cotangent d and a masked softmax y, whose sum goes over the "
      "columns "
      "that are allowed; 0 in all others.";
  static constexpr std::array in_place{0};
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Masked : Masking {
  static constexpr auto name = "masked";
  static constexpr auto doc = "x where the mask and, where causal, the place allow it, else 0.";
  static constexpr std::array in_place{0};
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Products of the queries q [..., T, d] and the keys k [..., S, d]: [..., T, S].
struct MaskedScores : Masking {
  static constexpr auto name = "masked_scores";
  static constexpr auto doc =
      "Matrix product of q and the transpose of k where a query may attend to a key, else 0; "
      "batches broadcast.";
  static constexpr bool broadcasts = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// Products of weights [..., T, S] and x: of [..., S, e] to [..., T, e] or, with the weights
/// transposed, of [..., T, e] to [..., S, e].
struct MaskedMatmul : Masking {
  bool transpose = false;
  using attributes = dagrad::attributes<&Masking::causal, &MaskedMatmul::transpose>;
  static constexpr auto name = "masked_matmul";
  static constexpr auto doc =
      "Matrix product of weights, transposed if so told, and x, to which only the pairs that are "
      "allowed contribute; batches broadcast.";
  static constexpr bool broadcasts = true;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

struct AttentionOptions {
  bool causal = false;
  std::optional<double> scale = {};  ///< of the products; 1 / sqrt(d) unless given
  std::optional<Operand> mask = {};
};

/// Scaled dot product attention (Vaswani et al. 2017): softmax(scale · q kᵀ) v for queries q
/// [..., T, d], keys k [..., S, d] and values v [..., S, e] of one float dtype, whose leading axes
/// broadcast; the result is [..., T, e].
///
/// A mask of bools that broadcasts to [..., T, S] is true where a query may attend to a key.
/// Causal, query t may attend to the keys up to t + S − T: the last one to all, so that queries
/// which continue a longer sequence of keys are in place (PyTorch counts from the first instead;
/// for T = S it is the same). What a query may not attend to is absent: NaN or an infinity there
/// reaches neither its result nor any gradient. A query with nothing to attend to gives 0, and so
/// does its gradient.
///
/// Throws ShapeError for fewer than two axes and shapes that do not fit, TypeError for ints,
/// dtypes that differ and a mask that is not bool, ArgumentError for a scale that is not finite.
Value attention(const Operand& q, const Operand& k, const Operand& v,
                const AttentionOptions& options = {});

/// Attention of `heads` heads side by side: q [..., T, heads · d], k [..., S, heads · d], v
/// [..., S, heads · e] are cut along the last axis, and the results [..., T, heads · e] joined
/// again. A mask broadcasts to [..., heads, T, S]. Throws as attention; ShapeError where heads do
/// not divide the last axes.
Value multi_head_attention(const Operand& q, const Operand& k, const Operand& v, std::int64_t heads,
                           const AttentionOptions& options = {});

}  // namespace dagrad
