#pragma once

#include "dagrad/graph.hpp"

namespace dagrad {

/// Σ leftᵢ rightᵢ of two vectors [n], a scalar; n = 0 gives 0. Throws ShapeError for other ranks
/// and for sizes that differ, TypeError as `matmul` does.
Value dot(const Operand& left, const Operand& right);

/// Products of each element of one vector with each of another: [m] and [n] are [m, n]. Throws
/// ShapeError for other ranks, TypeError as `mul` does.
Value outer(const Operand& left, const Operand& right);

}  // namespace dagrad
