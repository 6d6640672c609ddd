#include <dagrad/compile.hpp>

#include <gtest/gtest.h>

#include "tests/exec/test_ops.hpp"
#include "tests/sanitized.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;

double run(const Function& f, double x) { return f({{"x", Tensor(x)}})[0].item<double>(); }

TEST(Large, AChainOfManyNodes) {
  Graph g;
  const Value x = g.input("x", {f64, {}});
  Value y = x;
  for (int i = 0; i < deep; ++i) y = y + 1.0;
  for (const int threads : {1, 2}) {
    Runtime runtime({.threads = threads});
    const Function f = compile({y}, {.runtime = &runtime});
    EXPECT_EQ(f.peak_bytes(), 64U);
    EXPECT_EQ(run(f, 0.5), deep + 0.5);
  }
}

TEST(Large, AHundredThousandIndependentNodes) {
  Graph g;
  const Value x = g.input("x", {f64, {}});
  std::vector<Value> branches;
  for (int i = 0; i < 100'000; ++i) branches.push_back(x * 2.0);
  const Value y = add_n(branches);
  for (const int threads : {1, 2}) {
    Runtime runtime({.threads = threads});
    const Function f = compile({y}, {.runtime = &runtime});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(run(f, 0.5), 100'000);
  }
}

TEST(Large, ManySizes) {
  Graph g;
  const Value x = g.input("x", {f64, {}});
  std::vector<Value> branches;
  for (std::int64_t i = 1; i <= 3000; ++i)
    branches.push_back(sum_to_like(x + g.constant(Tensor(Type{f64, {i}})), x));
  Runtime runtime({.threads = 2});
  EXPECT_EQ(run(compile({add_n(branches)}, {.runtime = &runtime}), 1.0), 3000.0 * 3001 / 2);
}

}  // namespace
