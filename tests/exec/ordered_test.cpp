#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/runtime.hpp"
#include "tests/exec/test_ops.hpp"

namespace dagrad::test {
namespace {

/// Records when it runs. It needs no lock, because ordered nodes wait for each other.
struct Noted {
  std::vector<int>* calls = nullptr;
  int number = 0;
  static constexpr auto name = "noted";
  static constexpr bool ordered = true;
  static constexpr int identity = 0;  // must be ignored for an ordered op
  static constexpr no_grad grad{"only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    calls->push_back(number);
    const auto from = c.in<double>(0);
    std::copy(from.begin(), from.end(), c.out<double>().begin());
  }
  double cost(const PlanContext&) const { return 1e5; }
};

std::vector<int> up_to(int n) {
  std::vector<int> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST(Ordered, OpsRunInTheOrderInWhichTheyWereMade) {
  constexpr int n = 50;
  Runtime runtime({.threads = 2});
  for (const int threads : {1, 2}) {
    std::vector<int> calls;
    Graph graph;
    const Value x = graph.input("x", {f64, {4}});
    std::vector<Value> results;
    for (int i = 0; i < n; ++i) {
      // Every other one is ready at once; the others wait for a slow step.
      const Value operand = i % 2 == 0 ? costly(x) : x;
      results.push_back(apply(Noted{&calls, i}, {operand}));
    }
    const std::vector<Value> backwards(results.rbegin(), results.rend());
    const Function f = compile(backwards, {.threads = threads, .runtime = &runtime});
    for (int run = 0; run < 20; ++run) {
      calls.clear();
      f({{x, Tensor::of({1.0, 2.0, 3.0, 4.0})}});
      ASSERT_EQ(calls, up_to(n)) << threads << " threads";
    }
  }
}

TEST(Ordered, OpsRunOnlyIfAResultNeedsThem) {
  std::vector<int> calls;
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value first = apply(Noted{&calls, 0}, {x});
  apply(Noted{&calls, 1}, {x});
  const Value last = apply(Noted{&calls, 2}, {first});
  compile({last})({{x, Tensor(1.0)}});
  EXPECT_EQ(calls, (std::vector<int>{0, 2}));
}

}  // namespace
}  // namespace dagrad::test
