#pragma once

#include <string>

#include "dagrad/op.hpp"

namespace dagrad::detail {

/// How operand `i` of `n` is labelled in a picture: "base", "left"; empty if there is no other
/// operand or their order does not matter. Operands of ops that are not known are called x, y, z
/// and w, then x4 and so on, as in the formulas of programs.
std::string operand_name(const Op& op, std::size_t i, std::size_t n);

}  // namespace dagrad::detail
