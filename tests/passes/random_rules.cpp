#include "tests/passes/random_rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tests/passes/rule_examples.hpp"
#include "tests/random_graphs.hpp"
#include "tests/sanitized.hpp"

namespace dagrad::test {

namespace {

/// Finds the first value of the expression that has a fault, and the rules that suffice for it.
std::string shrunk(unsigned seed, DType dtype, bool smooth, const std::vector<Rule>& rules,
                   const Fault& fault) {
  for (std::size_t i = 0;; ++i) {
    const RandomExpression e = random_expression(seed, dtype, smooth);
    if (i == e.values.size()) return "it cannot be shrunk";
    const std::string text = fault(e, e.values[i], rules);
    if (text.empty()) continue;
    std::string guilty;
    for (const Rule& rule : rules)
      if (!fault(e, e.values[i], {rule}).empty()) guilty += "\n  " + rule.name();
    return text + "\nrules that suffice:" + guilty + "\n" +
           to_string(extract(std::vector{e.values[i]}).graph);
  }
}

/// The float64 values on which a result depends.
std::vector<Value> leading_to(const RandomExpression& e, const Value& result) {
  const Rewritten needed = extract(std::vector{result});
  std::vector<Value> values;
  for (const Node& node : e.graph.nodes())
    if (node.output().dtype() == f64 && needed.mapping.find(node.output()))
      values.push_back(node.output());
  return values;
}

bool all_finite(const std::vector<Tensor>& tensors) {
  return std::ranges::all_of(tensors, [](const Tensor& tensor) {
    return std::ranges::all_of(tensor.values<double>(), [](double x) { return std::isfinite(x); });
  });
}

/// Whether an element of one of the values has lost all digits by cancellation, so that it may as
/// well be 0: its float32 counterpart is another number, although neither has left the range.
bool cancels(const RandomExpression& e, const std::vector<Value>& values) {
  const std::vector<Tensor> wide = run(values, e), narrow = rounded(e, values);
  for (std::size_t v = 0; v < values.size(); ++v)
    for (std::int64_t i = 0; i < wide[v].size(); ++i) {
      const double a = wide[v].at(i), n = narrow[v].at(i);
      if (std::abs(a) > 1e-30 && std::abs(a) < 1e30 && !(std::abs(a - n) <= 0.1 * std::abs(a)))
        return true;
    }
  return false;
}

/// The first-order bound on the error of an element z of a result in units of the dtype's epsilon:
/// the sum of |dz/dv| |v| over all float values v that lead to it (Higham, Accuracy and Stability
/// of Numerical Algorithms, 2002, section 3.8).
double rounding_errors(const RandomExpression& e, const Value& result, std::int64_t element) {
  const std::vector<Value> through = leading_to(e, result);
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

}  // namespace

std::vector<Rule> exact_rules() {
  std::set<std::string> rounding;
  for (const RuleExample& example : simplifying_examples())
    if (example.exact) rounding.insert(example.rule);
  std::vector<Rule> rules = simplifying_rules();
  std::erase_if(rules, [&](const Rule& rule) { return rounding.contains(rule.name()); });
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

std::vector<Tensor> run(const std::vector<Value>& values, const RandomExpression& e) {
  Feeds feeds;
  for (std::size_t i = 0; i < e.inputs.size(); ++i)
    feeds.emplace_back(e.inputs[i].name(), e.tensors[i]);
  return compile(values, {.passes = {}})(feeds);
}

std::vector<Tensor> rounded(const RandomExpression& e, const std::vector<Value>& values) {
  const Rewritten narrow = replay(e.graph, f64, f32);
  Feeds feeds;
  for (std::size_t i = 0; i < e.inputs.size(); ++i)
    feeds.emplace_back(e.inputs[i].name(), e.tensors[i].cast(f32));
  return compile(narrow.mapping(values), {.passes = {}})(feeds);
}

bool is_moderate(const RandomExpression& e) {
  std::vector<Value> values;
  for (const Node& node : e.graph.nodes())
    if (node.output().dtype() == f64) values.push_back(node.output());
  for (const Tensor& tensor : run(values, e))
    for (const double x : tensor.values<double>())
      if (!(std::abs(x) <= 1e30) || (x != 0 && std::abs(x) < 1e-30)) return false;
  return true;
}

std::string at_element(std::size_t value, std::int64_t element, double before, double after) {
  return "output " + std::to_string(value) + ", element " + std::to_string(element) + ": " +
         std::to_string(before) + " became " + std::to_string(after);
}

std::string lost(const RandomExpression& e, const Outcome& outcome) {
  const auto& [values, before, after] = outcome;
  for (std::size_t v = 0; v < before.size(); ++v)
    for (std::int64_t i = 0; i < before[v].size(); ++i) {
      const double a = before[v].at(i), b = after[v].at(i);
      if (!std::isfinite(a) || std::isfinite(b)) continue;
      const std::vector<Value> through = leading_to(e, values[v]);
      if (!all_finite(run(through, e)) || cancels(e, through)) continue;
      return at_element(v, i, a, b);
    }
  return "";
}

std::string difference(const RandomExpression& e, const Outcome& outcome) {
  const auto& [values, before, after] = outcome;
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
}

void expect_no_fault(DType dtype, bool smooth, const std::vector<Rule>& rules, const Fault& fault) {
  const unsigned graphs = random_graphs(sanitized ? 200 : 50'000);
  for (unsigned seed = 0; seed < graphs; ++seed) {
    const RandomExpression e = random_expression(seed, dtype, smooth);
    const std::string text = fault(e, e.values.back(), rules);
    ASSERT_EQ(text, "") << "seed " << seed << ": " << shrunk(seed, dtype, smooth, rules, fault);
  }
}

}  // namespace dagrad::test
