#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "dagrad/graph.hpp"
#include "tests/golden/golden.hpp"

/// Checks the cases of tests/golden/ops: values, gradients for given cotangents, and errors.
namespace dagrad {

/// Appends the op of a case to the graph of its operands and returns its results.
using GoldenBuilder = std::function<std::vector<Value>(
    const Graph& graph, std::span<const Value> in, const golden::Case& golden)>;

Tensor to_tensor(const golden::Tensor& golden);

/// Checks all cases of ops with that name, of which there must be at least one. Floats may differ
/// by `epsilons` times epsilon times the largest element.
void check_golden_cases(const std::string& op, const GoldenBuilder& build, double epsilons = 16);

}  // namespace dagrad
