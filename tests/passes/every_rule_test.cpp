// Each rule of the tables: that it is applied, and what it does to values and gradients.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tests/passes/rule_examples.hpp"

namespace dagrad::test {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const std::vector<double> numbers{0,     -0.0, 1e-30, -1e-30, 1e-9, -1e-9,       1e-3, 0.5,
                                  -0.5,  1,    -1,    2.5,    -2.5, 12,          -12,  40,
                                  -40,   80,   -80,   100,    -100, 1e4,         -1e4, 1e15,
                                  -1e15, 1e30, -1e30, inf,    -inf, std::nan("")};

/// The rule's example, whose first elements of x and y are fed.
struct Case {
  Graph graph;
  Value x, y, before;
  std::optional<Optimized> better;
  Function unoptimized, optimized;

  Case(const RuleExample& example, const std::vector<Rule>& rules, DType dtype) {
    x = graph.input("x", {dtype, Shape{3, 4}});
    y = graph.input("y", {dtype, Shape{3, 4}});
    before = example.build(x, y);
    const Pass pass{"rules", [&](const Graph& g, std::span<const Value> values) {
                      return apply_rules(g, values, rules);
                    }};
    better = optimize(graph, {before, x, y}, {&pass, 1});
    unoptimized = compile(before, {.passes = {}});
    optimized = compile(better->mapping(before), {.passes = {}});
  }
  bool applied(const std::string& rule) const {
    const auto& counts = better->reports.front().rules;
    return std::any_of(counts.begin(), counts.end(),
                       [&](const RuleCount& count) { return count.rule == rule; });
  }
  Feeds feeds(double a, double b) const {
    std::vector<double> xs(12), ys(12);
    for (std::size_t i = 0; i < 12; ++i) {
      xs[i] = i == 0 ? a : static_cast<double>(i) - 4;
      ys[i] = i == 0 ? b : 5 - static_cast<double>(i);
    }
    return {{"x", Tensor::of(xs).cast(x.dtype()).reshaped(x.shape())},
            {"y", Tensor::of(ys).cast(y.dtype()).reshaped(y.shape())}};
  }
};

template <class Check>
void for_all_numbers(const Case& c, const Check& check) {
  for (const double a : numbers)
    for (const double b : numbers) {
      const Feeds feeds = c.feeds(a, b);
      check(a, b, c.unoptimized(feeds)[0], c.optimized(feeds)[0]);
      if (testing::Test::HasFailure()) return;
    }
}

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

void expect_same_bits(const Case& c) {
  for_all_numbers(c, [](double a, double b, const Tensor& before, const Tensor& after) {
    for (std::int64_t i = 0; i < before.size(); ++i)
      EXPECT_TRUE(same(before.at(i), after.at(i)))
          << "x " << a << ", y " << b << ", element " << i << ": " << before.at(i) << " became "
          << after.at(i);
  });
}

double ulp(double x, DType dtype) {
  const double size = std::abs(x);
  return dtype == f32
             ? std::nextafter(static_cast<float>(size), std::numeric_limits<float>::infinity()) -
                   static_cast<float>(size)
             : std::nextafter(size, inf) - size;
}

/// Expects that the error is at most two units in the last place larger than before.
void expect_no_larger_error(const Case& c, const RuleExample& example) {
  const DType dtype = c.before.dtype();
  const double largest = dtype == f32 ? 3.4e38 : 1.7e308;
  for_all_numbers(c, [&](double a, double b, const Tensor& before, const Tensor& after) {
    const double u = before.at(0), o = after.at(0);
    EXPECT_TRUE(std::isfinite(o) || !std::isfinite(u)) << "x " << a << ", y " << b;
    const Feeds feeds = c.feeds(a, b);  // rounded to the dtype
    const long double exact = example.exact(feeds[0].tensor.at(0), feeds[1].tensor.at(0));
    if (!std::isfinite(a) || !std::isfinite(b) || !std::isfinite(u) || !(std::abs(exact) < largest))
      return;
    const auto error = [&](double x) { return std::abs(static_cast<double>(x - exact)); };
    EXPECT_LE(
        error(o),
        error(u) + 2 * ulp(std::max(example.scale, static_cast<double>(std::abs(exact))), dtype))
        << "x " << a << ", y " << b << ": exactly " << static_cast<double>(exact) << ", before "
        << u << ", after " << o;
  });
}

/// The derivatives with respect to x and y of a weighted sum of the elements.
std::vector<Value> slopes(Graph& graph, const Value& of, const Value& x, const Value& y) {
  std::vector<double> weights;
  for (std::int64_t i = 0; i < of.size(); ++i)
    weights.push_back(0.75 - 0.5 * static_cast<double>(i));
  const Tensor seed = Tensor::of(weights).cast(of.dtype()).reshaped(of.shape());
  return gradient(sum(of * graph.constant(seed)), std::vector{x, y},
                  {.unconnected = Unconnected::zeros});
}

/// Compares the gradients of the value as it was written and as rules have made it, where the value
/// is not NaN and its gradient was finite.
template <class Check>
void for_all_gradients(Case& c, const Check& check) {
  const Mapping& to = c.better->mapping;
  const Function before = compile(slopes(c.graph, c.before, c.x, c.y), {.passes = {}});
  const Function after =
      compile(slopes(c.better->graph, to(c.before), to(c.x), to(c.y)), {.passes = {}});
  for_all_numbers(c, [&](double a, double b, const Tensor& value, const Tensor&) {
    if (std::isnan(value.at(0))) return;
    const Feeds feeds = c.feeds(a, b);
    const std::vector<Tensor> was = before(feeds), is = after(feeds);
    for (std::size_t v = 0; v < was.size(); ++v)
      for (std::int64_t i = 0; i < was[v].size(); ++i)
        if (std::isfinite(was[v].at(i))) {
          EXPECT_TRUE(check(was[v].at(i), is[v].at(i)))
              << "x " << a << ", y " << b << ", d/d" << (v == 0 ? "x" : "y") << ", element " << i
              << ": " << was[v].at(i) << " became " << is[v].at(i);
        }
  });
}

/// Where a rule rounds in another way, a factor of the gradient may have underflowed, or does so
/// now.
void expect_same_gradients(Case& c, const RuleExample& example) {
  const double underflow = example.exact ? 1e-30 : 0;
  for_all_gradients(c, [&](double was, double is) {
    return std::abs(was - is) <= 4 * ulp(was, c.x.dtype()) + underflow;
  });
}

/// Stabilised values have better gradients, but where one was finite, it must stay so.
void expect_finite_gradients(Case& c) {
  for_all_gradients(c, [](double, double is) { return std::isfinite(is); });
}

class EveryRule : public testing::TestWithParam<DType> {};

TEST_P(EveryRule, ThatSimplifiesIsAppliedAndKeepsItsPromise) {
  const std::vector<Rule> rules = simplifying_rules();
  for (const RuleExample& example : simplifying_examples()) {
    SCOPED_TRACE(example.rule);
    Case c(example, rules, GetParam());
    EXPECT_TRUE(c.applied(example.rule)) << to_string(c.better->graph);
    if (example.exact)
      expect_no_larger_error(c, example);
    else
      expect_same_bits(c);
    expect_same_gradients(c, example);
  }
}

TEST_P(EveryRule, ThatStabilizesIsAppliedAndKeepsItsPromise) {
  const std::vector<Rule> rules = stabilizing_rules();
  for (const RuleExample& example : stabilizing_examples()) {
    SCOPED_TRACE(example.rule);
    Case c(example, rules, GetParam());
    EXPECT_TRUE(c.applied(example.rule)) << to_string(c.better->graph);
    expect_no_larger_error(c, example);
    expect_finite_gradients(c);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, EveryRule, testing::Values(f32, f64),
                         [](const auto& dtype) { return std::string(name(dtype.param)); });

TEST(Rules, AllHaveAnExample) {
  const auto names = [](const auto& list, auto&& name) {
    std::set<std::string> set;
    for (const auto& entry : list) set.insert(name(entry));
    return set;
  };
  const auto of_rule = [](const Rule& rule) { return rule.name(); };
  const auto of_example = [](const RuleExample& example) { return example.rule; };
  EXPECT_EQ(names(simplifying_rules(), of_rule), names(simplifying_examples(), of_example));
  EXPECT_EQ(names(stabilizing_rules(), of_rule), names(stabilizing_examples(), of_example));
  EXPECT_EQ(names(simplifying_rules(), of_rule).size(), simplifying_rules().size());
  EXPECT_EQ(names(stabilizing_rules(), of_rule).size(), stabilizing_rules().size());
}

}  // namespace
}  // namespace dagrad::test
