#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "dagrad/apply.hpp"

namespace dagrad {

/// The inner product Σ leftᵢ rightᵢ of two vectors [n], a scalar; it is 0 for n = 0. Throws
/// ShapeError for other ranks and for sizes that differ, and TypeError as `matmul` does.
Value dot(const Operand& left, const Operand& right);

/// The products of each element of one vector with each element of another: [m] and [n] give [m,n].
/// Throws ShapeError for other ranks, and TypeError as `mul` does.
Value outer(const Operand& left, const Operand& right);

/// Sums of products of operands, written in Einstein's notation as for numpy.einsum:
///
///     equation = term {"," term} ["->" term]
///     term     = {letter} ["..." {letter}]
///
/// Each term names the axes of an operand, and the last one those of the result. Letters are
/// case-sensitive, and spaces are ignored. The result is summed over every letter that it does not
/// contain. A letter repeated within a term selects the diagonal. "..." stands for all other axes,
/// which broadcast by NumPy's rule and are kept. Without "->", the result has "..." followed by the
/// letters that occur once, upper case first. Letters do not broadcast: each stands for one size.
///
///     einsum("ij,jk->ik", {a, b})           // the product of matrices
///     einsum("bqhd,bkhd->bhqk", {q, k})     // the scores of attention
///     einsum("...ii->...", {a})             // traces
///
/// The call is lowered to `diagonal`, `sum`, `transpose`, `matmul` and `mul`, one pair of operands
/// at a time, starting with the pair whose product is the smallest. Dtypes and gradients are
/// therefore those of these ops, except that ints keep their dtype. Throws ArgumentError if the
/// equation is malformed, if the number of operands is wrong, or if the result has a letter twice
/// or one that no operand has; ShapeError if ranks or sizes do not fit; TypeError as `mul` does.
Value einsum(std::string_view equation, std::initializer_list<Operand> operands);
Value einsum(std::string_view equation, std::span<const Value> operands,
             Location where = Location::here());

}  // namespace dagrad
