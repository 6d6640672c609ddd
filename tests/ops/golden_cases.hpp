#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "dagrad/graph.hpp"
#include "tests/golden/golden.hpp"

/// Runs the cases of tests/golden/ops: values, gradients for given cotangents, and errors.
namespace dagrad {

/// Appends the op of a case to the graph of its operands; gives its results.
using GoldenBuilder = std::function<std::vector<Value>(
    const Graph& graph, std::span<const Value> in, const golden::Case& golden)>;

Tensor to_tensor(const golden::Tensor& golden);

/// Checks all cases of ops of that name, of which there must be one or more. Floats may differ by
/// so many epsilons of the largest element.
void check_golden_cases(const std::string& op, const GoldenBuilder& build, double epsilons = 16);

}  // namespace dagrad
