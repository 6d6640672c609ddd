#pragma once

#include <functional>
#include <span>
#include <string>

#include "dagrad/notation.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// The attributes that differ from the defaults of their op, such as "axis=1, keep_dims": a flag
/// that is set is given by its name, and one that is not set is left out. Programs are left out.
std::string changed_attributes(const Op& op);

/// The formula of result 0 of an op, given those of its operands and their types. Ops say how they
/// are written, elementwise ones by their program; others are written as `name(a, b, axis=1)`,
/// without operands of which only the type is used. Rules that a program derives from another one
/// may tell which operand is the result of a primitive of another operand.
Notation op_notation(const Op& op, std::span<const Notation> in, std::span<const Type> types,
                     const std::function<int(Primitive, std::uint32_t)>& known = {});

/// The formula of a node of a graph, given those of its operands. Leaves have none.
Notation node_notation(const GraphView& graph, std::uint32_t node, std::span<const Notation> in);

/// A constant as a number, if all its elements are equal and it is no larger than a few elements;
/// else empty.
Notation constant_notation(const Tensor& tensor);

}  // namespace dagrad::detail
