#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "dagrad/notation.hpp"
#include "dagrad/program.hpp"

namespace dagrad::detail {

/// Says that a primitive of an operand is the value of another operand, by whose name it is then
/// called: the sigmoid of input 0 may be input 1. Returns that input, or a negative number.
using KnownInput = std::function<int(Primitive, std::uint32_t input)>;

/// The formula of a result in mathematical notation, with the formulas of the inputs. It is exact
/// but for rounding, and for what happens at infinity and NaN: conversions between floats are left
/// out, σ(−x) is written as 1 − σ(x), and the products of cotangents as ordinary ones. Empty if it
/// would be too long.
Notation notation_of(const Program& program, std::size_t output, std::span<const Notation> in,
                     const KnownInput& known = {});

/// The number of steps, without inputs, constants and conversions.
std::size_t operation_count(const Program& program);
/// Whether it consists of arithmetic, comparisons, powers and logarithms.
bool is_arithmetic(const Program& program);

}  // namespace dagrad::detail
