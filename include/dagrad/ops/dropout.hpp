#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "dagrad/apply.hpp"

namespace dagrad {

struct DropoutMask {
  double p = 0.5;
  using attributes = dagrad::attributes<&DropoutMask::p>;
  static constexpr auto name = "dropout_mask";
  static constexpr auto doc =
      "For each element of `like`, whether dropout keeps it: false where the uniform float32 that "
      "the key gives for the element is below p.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  static constexpr Batching batching = Batching::leading;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Dropout {
  double p = 0.5;
  using attributes = dagrad::attributes<&Dropout::p>;
  static constexpr auto name = "dropout";
  static constexpr auto doc = "x / (1 - p) where `keep` is true, else 0, whatever x is there.";
  static constexpr std::size_t conditions = 1;
  template <class T>
  T operator()(typename T::Boolean keep, T x) const {
    return select(keep, x * (p < 1 ? 1 / (1 - p) : 0), T(0));
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Dropout (Srivastava et al. 2014) of floats: each element is set to 0 with
/// probability p, and divided by 1 − p otherwise. The gradient uses the same mask, which is a
/// tensor of bools. Dropped elements are 0 even where x is NaN or infinite. p is rounded up to a
/// multiple of 2⁻²⁴; p = 0 keeps every element, and p = 1 none.
///
/// The key is an int64 scalar, or there is one for each slice of the first axes. The mask depends
/// only on the key, on p and on the position of the element, so every layer and every step needs a
/// key of its own (`fold_in`). Throws ArgumentError for p outside of [0, 1], TypeError for ints and
/// for a key that is not int64, and ShapeError if x does not begin with the axes of several keys.
Value dropout(const Operand& x, const Operand& key, double p);

}  // namespace dagrad
