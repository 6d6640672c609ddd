#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/updates.hpp"

/// Optimisers. They return the updates to list in `CompileOptions::update`; the step of each
/// parameter is a single node.
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
/// Gradient descent: p ← p − rate·g; with momentum m, v ← m·v + g and p ← p − rate·v (Polyak 1964),
/// or p ← p − rate·(g + m·v) with Nesterov's; v is "<p>/velocity".
std::vector<Update> sgd(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                        const SgdOptions& options = {});

struct AdamOptions {
  double beta1 = 0.9;     ///< in [0, 1)
  double beta2 = 0.999;   ///< in [0, 1)
  double epsilon = 1e-8;  ///< at least 0
  /// The `step_counter` to count steps with, to share it with a schedule or another optimiser; its
  /// update is among those returned. Left out, one named "adam/step" or "adamw/step" is made.
  std::optional<Advancing> step = {};
};
/// Adam (Kingma and Ba 2015): with step t counted from 1, m ← β₁·m + (1 − β₁)·g,
/// v ← β₂·v + (1 − β₂)·g² and p ← p − rate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε); m is
/// "<p>/first_moment", v "<p>/second_moment". What depends on t is computed once a step, in
/// float64.
std::vector<Update> adam(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                         const AdamOptions& options = {});

struct AdamwOptions {
  double weight_decay = 0.01;  ///< at least 0
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  std::optional<Advancing> step = {};  ///< these as for Adam
};
/// Adam with decoupled weight decay (Loshchilov and Hutter 2019): Adam's step from
/// (1 − rate·weight_decay)·p.
std::vector<Update> adamw(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                          const AdamwOptions& options = {});

struct RmspropOptions {
  double decay = 0.99;    ///< of the mean squares, in [0, 1)
  double epsilon = 1e-8;  ///< at least 0
  double momentum = 0;    ///< in [0, 1)
  bool centred = false;   ///< divide by the standard deviation instead of the root mean square
};
/// RMSprop (Tieleman and Hinton 2012): s ← d·s + (1 − d)·g² and p ← p − rate·g / (√s + ε); centred
/// (Graves 2013), a ← d·a + (1 − d)·g and √(s − a²) for √s; with momentum m, v ← m·v + g / (√s + ε)
/// and p ← p − rate·v. s is "<p>/square", a "<p>/mean", v "<p>/velocity".
std::vector<Update> rmsprop(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                            const RmspropOptions& options = {});

// ---- clipping

/// Each element of each gradient, at least low and at most high, as by `clamp`. Throws as `clamp`.
std::vector<Value> clip_by_value(ValueSpan gradients, const Operand& low, const Operand& high);

struct Clipped {
  std::vector<Value> gradients;
  Value norm;  ///< the global norm before clipping
};
/// All gradients times min(1, max_norm / norm), where the norm is `global_norm` of all of them: of
/// norm 0 they stay as they are; a NaN makes all of them NaN; of infinite norm finite elements
/// become 0 and infinite ones NaN. Throws ArgumentError without gradients, or for a plain max_norm
/// that is not positive and finite; TypeError, ShapeError for a max_norm that is no float scalar or
/// gradients that are no floats.
Clipped clip_by_global_norm(ValueSpan gradients, const Operand& max_norm);

}  // namespace dagrad
