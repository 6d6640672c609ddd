#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "dagrad/graph.hpp"

namespace dagrad {

struct MaskedSoftmax {
  bool causal = false;
  using attributes = dagrad::attributes<&MaskedSoftmax::causal>;
  static constexpr auto name = "masked_softmax";
  static constexpr auto doc =
      "Softmax of each row of x over the columns that a mask of bools, where there is one, allows, "
      "and, where causal, that lie no further from the end than the row; 0 in all others and where "
      "none is allowed.";
  static constexpr std::array in_place{0};
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
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
/// for T = S it is the same). What a query may not attend to gets weight 0, whatever its score; a
/// query with nothing to attend to gives 0, and so does its gradient.
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
