#pragma once

#include <string>
#include <vector>

#include "dagrad/op.hpp"

namespace dagrad::catalog {

/// What an op computes and what its gradient rule appends, for operands of a sample, one equation a
/// line: "out = …" for elementwise ops, then what is used more than once, then "dx = …" for each
/// operand that has a gradient. Empty where there is nothing to say.
std::string equations(const Sample& sample, const std::vector<std::string>& names);

}  // namespace dagrad::catalog
