#pragma once

#include <span>

#include "dagrad/grad.hpp"
#include "dagrad/passes.hpp"
#include "dagrad/traced.hpp"

namespace dagrad {

/// The formula of several nodes. It has no gradient: ops may have rules that do not follow from
/// their formulas, such as that of `stop_gradient`.
struct Fused : Traced {
  static constexpr no_grad grad{"it is made by a pass that runs after differentiation"};
};

/// Joins elementwise nodes of one shape to nodes that compute all of them in one loop, with the
/// same bits: an op that consists of the formulas of the joined ones (`Fused`), with one result for
/// each value that is used elsewhere. Any op that has a program takes part, a user's as well as
/// a built-in one, unless it is ordered or validates its operands. Operands may broadcast; scalar
/// constants and fills become constants of the formula. Values between joined nodes are not stored,
/// and have no counterpart in the new graph. A node that was joined knows the nodes that it was
/// made of (`Node::origins`).
///
/// The new graph is made for the shapes of this one, and cannot be replayed with others. Throws
/// GraphError if a value belongs to another graph.
PassResult fuse(const Graph& graph, std::span<const Value> values);

}  // namespace dagrad
