#pragma once

#include <string>

#include "dagrad/op.hpp"

namespace dagrad::detail {

/// How operand `i` of `n` is labelled in a picture: "base", "left"; empty if there is no other
/// operand or their order does not matter. Operands of ops that are not known are numbered from 1.
std::string operand_name(const Op& op, std::size_t i, std::size_t n);

}  // namespace dagrad::detail
