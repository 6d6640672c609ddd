#pragma once

#include <string>
#include <vector>

#include "dagrad/op.hpp"

namespace dagrad::catalog {

/// What an op computes and what its gradient rule appends for the operands of a sample, one
/// equation per line: "out = …" for elementwise ops, and "dx = …" for each operand that has a
/// gradient, each after the definitions of the names in it. Empty if there are no equations.
std::string equations(const Sample& sample, const std::vector<std::string>& names);

}  // namespace dagrad::catalog
