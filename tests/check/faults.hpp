#pragma once

#include <array>
#include <string_view>

#include "dagrad/op.hpp"

namespace dagrad::tests {

/// The faults that can be planted in an op.
enum class Fault {
  sign,           ///< the gradient of its first operand is negated
  swapped,        ///< the gradients of its first two operands are swapped
  lost_dout,      ///< the rule uses ones instead of the cotangent
  zeroed,         ///< the gradient of its first operand is zero
  no_sum,         ///< the mean over broadcast axes instead of the sum
  overwritten,    ///< if two operands are one value, the gradient of the first is lost
  doubled,        ///< gradients are doubled
  transposed,     ///< gradients of square matrices are transposed
  off,            ///< gradients are 1 % too large
  averaged,       ///< the rule uses the mean of the cotangents for each of them
  not_linear,     ///< the rule is not linear in the cotangent
  second_order,   ///< the gradient is right, but its own gradient is not
  narrow_kernel,  ///< results of float32 are 1 % too large
  at_zero,        ///< the gradient of the first operand is wrong only at 0
  saturated  ///< sigmoid and tanh: slopes computed from the result, which lose digits far from 0
};
std::string_view name(Fault fault);

/// Faults that change a gradient nearly everywhere.
inline constexpr std::array visible{
    Fault::sign,        Fault::swapped, Fault::lost_dout,  Fault::zeroed, Fault::no_sum,
    Fault::overwritten, Fault::doubled, Fault::transposed, Fault::off,    Fault::averaged};

/// The op with that fault.
Op faulted(const Op& op, Fault fault);

}  // namespace dagrad::tests
