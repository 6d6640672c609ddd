#pragma once

#include <array>
#include <string_view>

#include "dagrad/op.hpp"

namespace dagrad::tests {

/// What can be wrong with an op.
enum class Fault {
  sign,           ///< the gradient of its first operand is negated
  swapped,        ///< the gradients of its first two operands change places
  lost_dout,      ///< the rule takes the cotangent for ones
  zeroed,         ///< the gradient of its first operand is zero
  no_sum,         ///< a mean where the sum over broadcast axes is due
  overwritten,    ///< of two operands that are one value, the gradient of the first is lost
  doubled,        ///< twice the gradients
  transposed,     ///< gradients of square matrices are transposed
  off,            ///< gradients are 1 % too large
  averaged,       ///< the rule takes the mean of the cotangents for each of them
  not_linear,     ///< the rule is not linear in the cotangent
  second_order,   ///< the gradient is right, its own gradient is not
  narrow_kernel,  ///< results of float32 are 1 % too large
  at_zero,        ///< the gradient of the first operand is wrong at 0 alone
  saturated       ///< sigmoid and tanh: slopes by the result, which lose their digits far out
};
std::string_view name(Fault fault);

/// Those that change a gradient nearly everywhere.
inline constexpr std::array visible{
    Fault::sign,        Fault::swapped, Fault::lost_dout,  Fault::zeroed, Fault::no_sum,
    Fault::overwritten, Fault::doubled, Fault::transposed, Fault::off,    Fault::averaged};

/// The op with that fault.
Op faulted(const Op& op, Fault fault);

}  // namespace dagrad::tests
