// Random graphs, optimised and not: values and gradients.
//
// Rules that keep every bit are held to that. For all rules together, the difference between the
// optimised and the unoptimised float64 result is compared with the error of the unoptimised
// float32 result, which shows how much rounding matters in that graph. Where that error happens to
// be small, the first-order bound on it decides.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>

#include "tests/passes/random_expression.hpp"
#include "tests/passes/rule_examples.hpp"
#include "tests/sanitized.hpp"

namespace dagrad::test {
namespace {

/// As many graphs as DAGRAD_RANDOM_GRAPHS says.
unsigned graphs_to_try() {
  const char* const text = std::getenv("DAGRAD_RANDOM_GRAPHS");
  if (text != nullptr) return static_cast<unsigned>(std::strtoul(text, nullptr, 10));
  return sanitized ? 200 : 50'000;
}

std::vector<Rule> exact_rules() {
  std::set<std::string> exact;
  for (const RuleExample& example : simplifying_examples())
    if (!example.exact) exact.insert(example.rule);
  std::vector<Rule> rules = simplifying_rules();
  std::erase_if(rules, [&](const Rule& rule) { return !exact.contains(rule.name()); });
  return rules;
}

std::vector<Rule> all_rules() {
  std::vector<Rule> rules = stabilizing_rules();
  for (const Rule& rule : simplifying_rules()) rules.push_back(rule);
  return rules;
}

std::vector<Pass> passes_with(const std::vector<Rule>& rules) {
  return {{"merge_equal", merge_equal},
          {"rules",
           [rules](const Graph& graph, std::span<const Value> values) {
             return apply_rules(graph, values, rules);
           }},
          {"fold_constants", fold_constants},
          {"merge_equal", merge_equal}};
}

/// The last value, and its gradients.
std::vector<Value> outputs(const RandomExpression& e, const Value& y) {
  std::vector<Value> all{y};
  for (const Value& x : e.inputs) {
    try {
      all.push_back(gradient(sum(y), x));
    } catch (const GradientError&) {  // y does not depend on x
    }
  }
  return all;
}

std::vector<Tensor> run(const std::vector<Value>& values, const RandomExpression& e) {
  Feeds feeds;
  for (std::size_t i = 0; i < e.inputs.size(); ++i)
    feeds.emplace_back(e.inputs[i].name(), e.tensors[i]);
  return compile(values, {.passes = {}})(feeds);
}

/// What distinguishes results: text for the first element that differs, or "".
using Compare =
    std::function<std::string(const RandomExpression&, const std::vector<Value>& values,
                              const std::vector<Tensor>& before, const std::vector<Tensor>& after)>;

std::string difference(const RandomExpression& e, const Value& y, const std::vector<Rule>& rules,
                       const Compare& compare) {
  const std::vector<Value> values = outputs(e, y);
  std::vector<Value> kept = values;
  kept.insert(kept.end(), e.inputs.begin(), e.inputs.end());
  const Optimized better = optimize(e.graph, kept, passes_with(rules));
  return compare(e, values, run(values, e), run(better.mapping(values), e));
}

/// Finds the first value of the expression that differs, and the rules that suffice for it.
std::string shrunk(unsigned seed, DType dtype, bool smooth, const std::vector<Rule>& rules,
                   const Compare& compare) {
  for (std::size_t i = 0;; ++i) {
    const RandomExpression e = random_expression(seed, dtype, smooth);
    if (i == e.values.size()) return "it cannot be shrunk";
    const std::string text = difference(e, e.values[i], rules, compare);
    if (text.empty()) continue;
    std::string guilty;
    for (const Rule& rule : rules)
      if (!difference(e, e.values[i], {rule}, compare).empty()) guilty += "\n  " + rule.name();
    return text + "\nrules that suffice:" + guilty + "\n" +
           to_string(extract(std::vector{e.values[i]}).graph);
  }
}

void expect_no_difference(DType dtype, bool smooth, const std::vector<Rule>& rules,
                          const Compare& compare) {
  for (unsigned seed = 0; seed < graphs_to_try(); ++seed) {
    const RandomExpression e = random_expression(seed, dtype, smooth);
    const std::string text = difference(e, e.values.back(), rules, compare);
    ASSERT_EQ(text, "") << "seed " << seed << ": " << shrunk(seed, dtype, smooth, rules, compare);
  }
}

std::string at_element(std::size_t value, std::int64_t element, double before, double after) {
  return "output " + std::to_string(value) + ", element " + std::to_string(element) + ": " +
         std::to_string(before) + " became " + std::to_string(after);
}

TEST(RandomGraphs, KeepTheirBitsUnderRulesThatPromiseIt) {
  expect_no_difference(
      f32, false, exact_rules(),
      [](const RandomExpression&, const std::vector<Value>&, const std::vector<Tensor>& before,
         const std::vector<Tensor>& after) -> std::string {
        for (std::size_t v = 0; v < before.size(); ++v)
          for (std::int64_t i = 0; i < before[v].size(); ++i) {
            const double a = before[v].at(i), b = after[v].at(i);
            if (std::isnan(a) ? !std::isnan(b) : a != b || std::signbit(a) != std::signbit(b))
              return at_element(v, i, a, b);
          }
        return "";
      });
}

/// Whether no node overflows, or underflows to a subnormal number: what a stabilising rule avoids.
bool is_moderate(const RandomExpression& e) {
  std::vector<Value> values;
  for (const Node& node : e.graph.nodes())
    if (node.output().dtype() == f64) values.push_back(node.output());
  for (const Tensor& tensor : run(values, e))
    for (const double x : tensor.values<double>())
      if (!(std::abs(x) <= 1e30) || (x != 0 && std::abs(x) < 1e-30)) return false;
  return true;
}

/// The expression in float32.
std::vector<Tensor> rounded(const RandomExpression& e, const std::vector<Value>& values) {
  const Rewritten narrow = replay(e.graph, f64, f32);
  Feeds feeds;
  for (std::size_t i = 0; i < e.inputs.size(); ++i)
    feeds.emplace_back(e.inputs[i].name(), e.tensors[i].cast(f32));
  return compile(narrow.mapping(values), {.passes = {}})(feeds);
}

/// The first-order bound on the error of an element z of a result in units of the dtype's epsilon:
/// the sum of |dz/dv| |v| over all float values v that lead to it (Higham, Accuracy and Stability
/// of Numerical Algorithms, 2002, section 3.8).
double rounding_errors(const RandomExpression& e, const Value& result, std::int64_t element) {
  const Rewritten needed = extract(std::vector{result});
  std::vector<Value> through;
  for (const Node& node : e.graph.nodes())
    if (node.output().dtype() == f64 && needed.mapping.find(node.output()))
      through.push_back(node.output());
  const Value z = sum(reshape(result, {-1})[{{element, element + 1}}]);
  std::vector<Value> all = through;
  for (const Value& slope : gradient(z, through, {.unconnected = Unconnected::zeros}))
    all.push_back(slope);
  const std::vector<Tensor> found = run(all, e);
  double sum = 0;
  for (std::size_t v = 0; v < through.size(); ++v)
    for (std::int64_t i = 0; i < found[v].size(); ++i)
      if (const double slope = found[v + through.size()].at(i); slope != 0)
        sum += std::abs(slope * found[v].at(i));
  return sum;
}

TEST(RandomGraphs, KeepTheirValuesUnderAllRules) {
  std::size_t moderate = 0;
  expect_no_difference(
      f64, true, all_rules(),
      [&](const RandomExpression& e, const std::vector<Value>& values,
          const std::vector<Tensor>& before, const std::vector<Tensor>& after) -> std::string {
        if (!is_moderate(e)) return "";
        ++moderate;
        const std::vector<Tensor> narrow = rounded(e, values);
        for (std::size_t v = 0; v < before.size(); ++v)
          for (std::int64_t i = 0; i < before[v].size(); ++i) {
            const double a = before[v].at(i), b = after[v].at(i), n = narrow[v].at(i);
            if (!std::isfinite(a) || !std::isfinite(n)) continue;
            const double bound = 1e-3 * std::abs(a - n) + 1e-9 * std::abs(a) + 1e-12;
            if (std::abs(a - b) <= bound) continue;
            const double rounding =
                1e-3 * std::numeric_limits<float>::epsilon() * rounding_errors(e, values[v], i);
            if (!std::isnan(rounding) && std::abs(a - b) > rounding) return at_element(v, i, a, b);
          }
        return "";
      });
  EXPECT_GT(moderate, graphs_to_try() / 4);
}

}  // namespace
}  // namespace dagrad::test
