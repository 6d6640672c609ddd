#include "dagrad/ops/scan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::infinity;
using test::message;
using testing::ElementsAre;
using testing::HasSubstr;

struct ScanCases {
  const char* op;
  Value (*scan)(const Operand&, std::int64_t, const ScanOptions&);
  double epsilons = 16;
};
std::ostream& operator<<(std::ostream& out, const ScanCases& cases) { return out << cases.op; }

class ScanGolden : public testing::TestWithParam<ScanCases> {};

TEST_P(ScanGolden, CasesAgree) {
  const ScanCases& cases = GetParam();
  check_golden_cases(
      cases.op,
      [&](const Graph&, auto in, const golden::Case& golden) {
        const auto& a = golden.attributes;
        const ScanOptions options{a.flag("reverse", false), a.flag("exclusive", false)};
        return std::vector{cases.scan(in[0], a.integer("axis"), options)};
      },
      cases.epsilons);
}

INSTANTIATE_TEST_SUITE_P(Ops, ScanGolden,
                         testing::Values(ScanCases{"cumsum", cumsum}, ScanCases{"cumprod", cumprod},
                                         // exp(x - out) at x = 1000 magnifies the rounding of out
                                         ScanCases{"logcumsumexp", logcumsumexp, 1000}),
                         testing::PrintToStringParamName());

TEST(Scan, AcceptsLongAndManyLines) {
  Graph graph;
  Rng rng(1);
  // One line in many pieces, more columns than are processed together, and both.
  for (const auto& [shape, axis] : std::vector<std::pair<Shape, std::int64_t>>{
           {{5000}, 0}, {{3, 1300}, 0}, {{3, 1300}, 1}, {{2, 40, 700}, 1}}) {
    const Value x = graph.constant(rng.uniform(shape, -1, 1));
    for (const bool reverse : {false, true}) {
      const Value sums = cumsum(exp(x), axis, {.reverse = reverse});
      const Tensor got = evaluate(logcumsumexp(x, axis, {.reverse = reverse}));
      EXPECT_TRUE(compare(got, evaluate(log(sums)), 1e-13, 1e-13).close);
    }
  }
}

TEST(Scan, AccumulatesFloat32InFloat64) {
  Graph graph;
  const std::vector<float> ones(1 << 25, 1.0F);  // counting in float32 would stop at 2^24
  const Tensor sums = evaluate(cumsum(graph.constant(Tensor({1 << 25}, ones)), 0));
  EXPECT_EQ(sums.at((1 << 25) - 1), 1 << 25);
  const Value x = graph.constant(Tensor::of({1e30F, 1e30F, 1e-30F}));
  EXPECT_THAT(evaluate(cumprod(x, 0)).to_vector<float>(),
              ElementsAre(1e30F, static_cast<float>(infinity), 1e30F));
}

TEST(Scan, LogCumSumExpOfInfinitiesHasNoNanGradients) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor::of({-infinity, -infinity, 0.0, -infinity, 0.0}));
  const Value out = logcumsumexp(x, 0);
  const Value seed = graph.constant(Tensor::of({1.0, 2.0, 4.0, 8.0, 16.0}));
  // Equal infinities share a prefix equally; -inf has no share beside a number.
  EXPECT_THAT(evaluate(gradient(out, x, {.seed = seed})).to_vector<double>(),
              ElementsAre(2, 1, 20, 0, 8));
}

TEST(Scan, CumProdOfZerosToThirdOrder) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor::of({2.0, 0.0, 0.0, 5.0}));
  const Value last = sum(cumprod(x, 0) * graph.constant(Tensor::of({0.0, 0.0, 0.0, 1.0})));
  const auto element = [&](const Value& v, std::int64_t i) {
    Tensor at({f64, {4}});
    at.mutate<double>()[static_cast<std::size_t>(i)] = 1;
    return sum(v * graph.constant(at));
  };
  // The derivative of x0 x1 x2 x3 along x1, x2 and x3.
  const Value first = element(gradient(last, x), 1);
  const Value second = element(gradient(first, x), 2);
  EXPECT_EQ(evaluate(first).item<double>(), 0);
  EXPECT_EQ(evaluate(second).item<double>(), 10);
  EXPECT_THAT(evaluate(gradient(second, x)).to_vector<double>(), ElementsAre(5, 0, 0, 2));
}

TEST(Scan, RefusesWrongAxesAndDtypes) {
  Graph graph;
  const Value s = graph.input("s", {f64, {}}), n = graph.input("n", {i64, {2}});
  EXPECT_THAT(message<ShapeError>([&] { cumsum(s, 0); }),
              HasSubstr("cumsum: axis 0 does not exist: a scalar has no axes"));
  EXPECT_THAT(message<ShapeError>([&] { cumprod(n, 1); }),
              HasSubstr("cumprod: axis 1 is outside [-1, 0] for rank 1"));
  EXPECT_THAT(message<TypeError>([&] { logcumsumexp(n, 0); }),
              HasSubstr("logcumsumexp: takes float32, float64, got int64"));
}

}  // namespace
}  // namespace dagrad
