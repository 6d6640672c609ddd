#include <gtest/gtest.h>

#include "dagrad/check.hpp"
#include "dagrad/dagrad.hpp"

namespace dagrad {
namespace {

TEST(CheckGradient, AgreesOnATinyNetwork) {
  Graph graph;
  Rng rng(1);
  const Value x = graph.input("x", {f64, {3}});
  const Value w = graph.parameter("w", rng.normal({2, 3}));
  const Value y = tanh(w * x + 0.5);
  const CheckReport report = check_gradient(y, {x, w}, {{x, rng.normal({3})}});
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_EQ(report.count(Verdict::agree), 9U);
}

}  // namespace
}  // namespace dagrad
