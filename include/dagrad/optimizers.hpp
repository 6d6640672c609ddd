#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/updates.hpp"

/// Optimisers. They return the updates to list in `CompileOptions::update`. The step of each
/// parameter is a single node, except in `lamb`, which needs norms.
///
/// A rate is a number, at least 0, or a float scalar such as an input or an expression of a
/// `step_counter`. Whatever an optimiser remembers about a parameter p is a parameter itself, named
/// "<p's name>/velocity" and so on. It starts at 0, and a State holds its value.
///
/// All of them throw ArgumentError if the numbers of gradients and parameters differ, a value is
/// not a parameter, a parameter is listed twice or a number is out of range; TypeError or
/// ShapeError if a gradient's type differs from its parameter's or a rate is not a float scalar;
/// GraphError if the name of a parameter that they add is taken.
namespace dagrad {

struct SgdOptions {
  double momentum = 0;  ///< in [0, 1)
  /// Nesterov momentum, in the form of Sutskever et al. 2013 that PyTorch uses.
  bool nesterov = false;
};
/// Gradient descent: p ← p − rate·g. With momentum m: v ← m·v + g and p ← p − rate·v (Polyak 1964),
/// or p ← p − rate·(g + m·v) with Nesterov momentum, where v is "<p>/velocity".
std::vector<Update> sgd(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                        const SgdOptions& options = {});

struct AdamOptions {
  double beta1 = 0.9;     ///< in [0, 1)
  double beta2 = 0.999;   ///< in [0, 1)
  double epsilon = 1e-8;  ///< at least 0
  /// The `step_counter` that counts the steps, to be shared with a schedule or another optimiser.
  /// Its update is among those returned. By default a counter named "adam/step" or "adamw/step" is
  /// added.
  std::optional<Advancing> step = {};
};
/// Adam (Kingma and Ba 2015): in step t, counted from 1, m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 −
/// β₂)·g² and p ← p − rate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε), where m is "<p>/first_moment"
/// and v is "<p>/second_moment". Factors that depend on t are computed once per step, in float64.
std::vector<Update> adam(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                         const AdamOptions& options = {});

struct AdamwOptions {
  double weight_decay = 0.01;  ///< at least 0
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  std::optional<Advancing> step = {};  ///< this and the three above: as in AdamOptions
};
/// Adam with decoupled weight decay (Loshchilov and Hutter 2019): the step of `adam`, taken from (1
/// − rate·weight_decay)·p instead of p.
std::vector<Update> adamw(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                          const AdamwOptions& options = {});

struct RmspropOptions {
  double decay = 0.99;    ///< of the mean squares, in [0, 1)
  double epsilon = 1e-8;  ///< at least 0
  double momentum = 0;    ///< in [0, 1)
  bool centred = false;   ///< divide by the standard deviation instead of the root mean square
};
/// RMSprop (Tieleman and Hinton 2012): with decay d, s ← d·s + (1 − d)·g² and p ← p − rate·g / (√s
/// + ε). Centred (Graves 2013): also a ← d·a + (1 − d)·g, and √(s − a²) replaces √s. With momentum
/// m: v ← m·v + g / (√s + ε) and p ← p − rate·v. Here s is "<p>/square", a is "<p>/mean" and v is
/// "<p>/velocity".
std::vector<Update> rmsprop(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                            const RmspropOptions& options = {});

struct AdagradOptions {
  double epsilon = 1e-10;  ///< at least 0
};
/// Adagrad (Duchi, Hazan and Singer 2011): s ← s + g² and p ← p − rate·g / (√s + ε), where s is
/// "<p>/square_sum". Suits sparse gradients: elements that rarely get one keep taking large steps.
std::vector<Update> adagrad(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                            const AdagradOptions& options = {});

struct LambOptions {
  double weight_decay = 0.01;  ///< at least 0
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-6;
  std::optional<Advancing> step = {};  ///< this and the three above: as in AdamOptions
};
/// LAMB (You et al. 2020), for large batches: p ← p − rate·‖p‖/‖u‖·u for each parameter, with u = m
/// / (√v + ε) + weight_decay·p, where m and v are the moments of `adam` divided by 1 − β₁ᵗ and 1 −
/// β₂ᵗ. The ratio of the Euclidean norms counts as 1 where one of them is 0. LAMB remembers what
/// `adam` does; its own counter is called "lamb/step".
std::vector<Update> lamb(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                         const LambOptions& options = {});

// ---- clipping

/// Clamps each element of each gradient to [low, high]. Throws as `clamp` does.
std::vector<Value> clip_by_value(ValueSpan gradients, const Operand& low, const Operand& high);

struct Clipped {
  std::vector<Value> gradients;
  Value norm;  ///< the global norm before clipping
};
/// Multiplies all gradients by min(1, max_norm / norm), where norm is their `global_norm`. If the
/// norm is 0, they stay as they are; if it is NaN, all of them become NaN; if it is infinite,
/// finite elements become 0 and infinite ones NaN. Throws ArgumentError if there are no gradients
/// or a plain max_norm is not positive and finite; TypeError or ShapeError if max_norm is not a
/// float scalar or a gradient is not a float.
Clipped clip_by_global_norm(ValueSpan gradients, const Operand& max_norm);

}  // namespace dagrad
