#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "dagrad/apply.hpp"

namespace dagrad {

/// Σ leftᵢ rightᵢ of two vectors [n], a scalar; n = 0 gives 0. Throws ShapeError for other ranks
/// and for sizes that differ, TypeError as `matmul` does.
Value dot(const Operand& left, const Operand& right);

/// Products of each element of one vector with each of another: [m] and [n] are [m, n]. Throws
/// ShapeError for other ranks, TypeError as `mul` does.
Value outer(const Operand& left, const Operand& right);

/// Products of operands summed by Einstein's rule, as numpy.einsum:
///
///     equation = term {"," term} ["->" term]
///     term     = {letter} ["..." {letter}]
///
/// A term names the axes of an operand, the last one those of the result; upper and lower case
/// differ, spaces mean nothing. The result is summed over every letter that it lacks. A letter that
/// one term repeats stands for the diagonal. "..." stands for all other axes, which broadcast by
/// NumPy's rule and stay. Without "->" the result has "..." and then the letters that occur once,
/// upper case first. Letters do not broadcast: each has one size.
///
///     einsum("ij,jk->ik", {a, b})           // the product of matrices
///     einsum("bqhd,bkhd->bhqk", {q, k})     // scores of attention
///     einsum("...ii->...", {a})             // traces
///
/// Lowered to `diagonal`, `sum`, `transpose`, `matmul` and `mul`, pair by pair, where the pair of
/// the smallest product comes first: so of their dtypes and gradients; ints keep their dtype.
/// Throws ArgumentError for what is no equation, a wrong number of operands, and letters of the
/// result that no operand has or that are there twice; ShapeError for ranks and sizes that do not
/// fit; TypeError as `mul` does.
Value einsum(std::string_view equation, std::initializer_list<Operand> operands);
Value einsum(std::string_view equation, std::span<const Value> operands,
             Location where = Location::here());

}  // namespace dagrad
