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
      "For each element of `like` whether dropout keeps it, by the bits of a key: unless the "
      "uniform float32 of that element is below p.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Dropout {
  double p = 0.5;
  using attributes = dagrad::attributes<&Dropout::p>;
  static constexpr auto name = "dropout";
  static constexpr auto doc = "x / (1 - p) where the mask holds, else 0, whatever x is there.";
  static constexpr std::size_t conditions = 1;
  template <class T>
  T operator()(typename T::Boolean keep, T x) const {
    return select(keep, x * (p < 1 ? 1 / (1 - p) : 0), T(0));
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Dropout (Srivastava et al. 2014) of float32 or float64: each element is 0 with probability p,
/// else divided by 1 − p; the gradient goes through the same mask, which is of bools. What is
/// dropped is 0 even where x is NaN or infinite. p is taken up to the next multiple of 2⁻²⁴; 0
/// keeps everything, 1 nothing. The key is an int64 scalar; the mask depends on it, p and the
/// element alone, so a layer and a step each need a key of their own (`fold_in`). Throws
/// ArgumentError for p outside of [0, 1], TypeError for ints and a key that is no int64, ShapeError
/// for a key that is no scalar.
Value dropout(const Operand& x, const Operand& key, double p);

}  // namespace dagrad
