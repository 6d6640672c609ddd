// Random graphs, optimised and not: values and gradients.
//
// Rules that keep every bit are held to that. For all rules together, the difference between the
// optimised and the unoptimised float64 result is compared with the error of the unoptimised
// float32 result, which shows how much rounding matters in that graph. Where that error happens to
// be small, the first-order bound on it decides.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

#include "tests/passes/random_rules.hpp"
#include "tests/random_graphs.hpp"
#include "tests/throws.hpp"

namespace dagrad::test {
namespace {

/// The value, and its gradients with respect to the inputs on which it depends.
std::vector<Value> with_gradients(const Value& y, const std::vector<Value>& inputs) {
  std::vector<Value> all{y};
  for (const Value& x : inputs) {
    try {
      all.push_back(gradient(sum(y), x));
    } catch (const GradientError&) {  // y does not depend on x
    }
  }
  return all;
}

Optimized optimized(const RandomExpression& e, std::vector<Value> values,
                    const std::vector<Rule>& rules) {
  values.insert(values.end(), e.inputs.begin(), e.inputs.end());
  return optimize(e.graph, values, passes_with(rules));
}

/// The value and its gradients, all of them optimised.
Outcome optimized_last(const RandomExpression& e, const Value& y, const std::vector<Rule>& rules) {
  const std::vector<Value> values = with_gradients(y, e.inputs);
  return {values, run(values, e), run(optimized(e, values, rules).mapping(values), e)};
}

/// The optimised value and its gradients.
Outcome optimized_first(const RandomExpression& e, const Value& y, const std::vector<Rule>& rules) {
  const Optimized better = optimized(e, {y}, rules);
  const std::vector<Value> values = with_gradients(y, e.inputs);
  return {values, run(values, e),
          run(with_gradients(better.mapping(y), better.mapping(e.inputs)), e)};
}

/// The stabilised value and its gradients.
Outcome stabilized_first(const RandomExpression& e, const Value& y,
                         const std::vector<Rule>& rules) {
  const std::vector<Value> values = with_gradients(y, e.inputs);
  return {values, run(values, e), run(with_gradients(stabilize(y, rules), e.inputs), e)};
}

bool same(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

TEST(RandomGraphs, KeepTheirBitsUnderRulesThatPromiseIt) {
  expect_no_fault(
      f32, false, exact_rules(),
      [](const RandomExpression& e, const Value& y, const std::vector<Rule>& rules) -> std::string {
        const auto [values, before, after] = optimized_last(e, y, rules);
        for (std::size_t v = 0; v < before.size(); ++v)
          for (std::int64_t i = 0; i < before[v].size(); ++i)
            if (!same(before[v].at(i), after[v].at(i)))
              return at_element(v, i, before[v].at(i), after[v].at(i));
        return "";
      });
}

TEST(RandomGraphs, AreNotLeftOutIfTheirNumberIsMistyped) {
  constexpr auto variable = "DAGRAD_RANDOM_GRAPHS";
  const char* const set = std::getenv(variable);
  const std::optional<std::string> before = set ? std::optional<std::string>(set) : std::nullopt;
  const auto with = [&](const char* value) {
    setenv(variable, value, 1);
    return thrown<ArgumentError>([] { random_graphs(7); });
  };
  for (const std::string wrong : {"x", "", "0", "-1", "10x", "99999999999"})
    EXPECT_EQ(with(wrong.c_str()),
              "DAGRAD_RANDOM_GRAPHS must be a number above 0, got \"" + wrong + "\"");
  setenv(variable, "12", 1);
  EXPECT_EQ(random_graphs(7), 12u);
  unsetenv(variable);
  EXPECT_EQ(random_graphs(7), 7u);
  if (before) setenv(variable, before->c_str(), 1);
}

/// How often results were moderate, so that they were compared.
struct Tally {
  std::size_t moderate = 0, graphs = 0;
  std::string fault(const RandomExpression& e, const Outcome& outcome) {
    ++graphs;
    if (outcome.before.size() != outcome.after.size()) return "a gradient is lost";
    if (const std::string text = lost(e, outcome); !text.empty()) return text;
    if (!is_moderate(e)) return "";
    ++moderate;
    return difference(e, outcome);
  }
  ~Tally() { EXPECT_GT(moderate, graphs / 4); }
};

TEST(RandomGraphs, KeepTheirValuesUnderAllRules) {
  Tally tally;
  expect_no_fault(f64, true, all_rules(), [&](const auto& e, const Value& y, const auto& rules) {
    return tally.fault(e, optimized_last(e, y, rules));
  });
}

TEST(RandomGraphs, KeepTheirGradientsIfOptimizedBefore) {
  Tally tally;
  expect_no_fault(f64, true, all_rules(), [&](const auto& e, const Value& y, const auto& rules) {
    return tally.fault(e, optimized_first(e, y, rules));
  });
}

TEST(RandomGraphs, KeepTheirGradientsIfStabilizedBefore) {
  Tally tally;
  expect_no_fault(f64, true, all_rules(), [&](const auto& e, const Value& y, const auto& rules) {
    return tally.fault(e, stabilized_first(e, y, rules));
  });
}

TEST(RandomGraphs, WithKinksKeepTheirGradientsUnderExactRules) {
  Tally tally;
  expect_no_fault(f64, false, exact_rules(), [&](const auto& e, const Value& y, const auto& rules) {
    return tally.fault(e, optimized_first(e, y, rules));
  });
}

}  // namespace
}  // namespace dagrad::test
