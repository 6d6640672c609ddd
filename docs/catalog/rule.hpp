#pragma once

#include <string>
#include <vector>

#include "dagrad/op.hpp"

namespace dagrad::catalog {

/// What an op computes and what its gradient rule appends for the operands of a sample, one
/// equation per line: "out = …" for elementwise ops, and "dx = …" for each operand that has a
/// gradient. Values that are used more than once, and repeated parts of long formulas, are defined
/// before them as t1, t2, …. Empty if there is nothing to show.
std::string equations(const Sample& sample, const std::vector<std::string>& names);

}  // namespace dagrad::catalog
