#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/passes/random_expression.hpp"

/// Random graphs with rules applied and without: what differs, and whether it may.
namespace dagrad::test {

/// The simplifying rules that keep every bit.
std::vector<Rule> exact_rules();
/// The rules of both tables, those that stabilise first.
std::vector<Rule> all_rules();
/// The default passes with these rules.
std::vector<Pass> passes_with(const std::vector<Rule>& rules);

/// The values for the numbers of the expression, computed without passes.
std::vector<Tensor> run(const std::vector<Value>& values, const RandomExpression& e);
/// The same in float32.
std::vector<Tensor> rounded(const RandomExpression& e, const std::vector<Value>& values);

/// Values of the graph of an expression, and what they and their counterparts under rules are.
struct Outcome {
  std::vector<Value> values;
  std::vector<Tensor> before, after;
};

/// Whether no node overflows, or underflows to a subnormal number: what a stabilising rule avoids.
bool is_moderate(const RandomExpression& e);
/// Text about the first finite element that has become an infinity or NaN, or "". An element of
/// which rounding leaves no digit right may become anything.
std::string lost(const RandomExpression& e, const Outcome& outcome);
/// Text about the first element that differs by more than rounding explains, or "".
std::string difference(const RandomExpression& e, const Outcome& outcome);
std::string at_element(std::size_t value, std::int64_t element, double before, double after);

/// What is wrong with a value of the expression under these rules, or "".
using Fault = std::function<std::string(const RandomExpression& e, const Value& y,
                                        const std::vector<Rule>& rules)>;
/// Expects that nothing is wrong with the last value of any expression. Otherwise tells the first
/// value that has a fault, and the rules that suffice for it.
void expect_no_fault(DType dtype, bool smooth, const std::vector<Rule>& rules, const Fault& fault);

}  // namespace dagrad::test
