#pragma once

#include <cstddef>
#include <cstdint>

#include "dagrad/apply.hpp"

namespace dagrad {

/// A first-order linear recurrence. Its gradient consists of recurrences in the opposite direction,
/// so ops built on it, products above all, have gradients of any order without a division.
struct Recurrence {
  std::int64_t axis = 0;
  bool reverse = false;
  double initial = 0;
  bool pulls = false;  ///< w is a cotangent: its products with b are made by `pull`
  using attributes = dagrad::attributes<&Recurrence::axis, &Recurrence::reverse,
                                        &Recurrence::initial, &Recurrence::pulls>;
  static constexpr auto name = "recurrence";
  static constexpr auto doc =
      "w[0] = initial and w[i] = a[i-1] + b[i-1] * w[i-1] along an axis; with `reverse`, from its "
      "end. With `pulls`, w is a cotangent, and 0 times any b is 0.";
  static constexpr std::size_t operands = 2;
  static constexpr Batching batching = Batching::shifted;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// The solution w of w[0] = initial, w[i] = a[i−1] + b[i−1]·w[i−1] along `axis`; with `reverse`, of
/// w[n−1] = initial, w[i] = a[i+1] + b[i+1]·w[i+1]. a and b have the same type, float32 or float64,
/// which is also that of w. Throws ShapeError for an axis outside of the rank and for different
/// shapes.
Value recurrence(const Operand& a, const Operand& b, std::int64_t axis, bool reverse = false,
                 double initial = 0);
/// The solution of `recurrence` for cotangents c, starting from 0: w[i] = c[i−1] + pull(w[i−1],
/// b[i−1]).
Value pulled_recurrence(const Operand& c, const Operand& b, std::int64_t axis,
                        bool reverse = false);

}  // namespace dagrad
