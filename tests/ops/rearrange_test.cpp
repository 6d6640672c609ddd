#include "dagrad/ops/rearrange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dagrad/check.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "dagrad/rewrite.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using golden::Attributes;
using test::message;
using testing::ElementsAre;
using testing::HasSubstr;

struct RearrangeCases {
  const char* op;
  Value (*build)(const Value& x, const Attributes& a);
};
std::ostream& operator<<(std::ostream& out, const RearrangeCases& cases) { return out << cases.op; }

class RearrangeGolden : public testing::TestWithParam<RearrangeCases> {};

TEST_P(RearrangeGolden, CasesAgree) {
  const auto build = [&](const Graph&, std::span<const Value> in, const golden::Case& golden) {
    return std::vector<Value>{GetParam().build(in[0], golden.attributes)};
  };
  check_golden_cases(GetParam().op, build);
}

const RearrangeCases all_cases[] = {
    {"flip",
     [](const Value& x, const Attributes& a) {
       return a.has("axes") ? flip(x, a.integers("axes")) : flip(x);
     }},
    {"roll",
     [](const Value& x, const Attributes& a) {
       const std::vector<std::int64_t> shifts = a.integers("shifts");
       return a.has("axes") ? roll(x, shifts, a.integers("axes")) : roll(x, shifts[0]);
     }},
    {"tile", [](const Value& x, const Attributes& a) { return tile(x, a.integers("repeats")); }},
    {"repeat",
     [](const Value& x, const Attributes& a) {
       const std::int64_t count = a.integer("count");
       return a.has("axis") ? repeat(x, count, a.integer("axis")) : repeat(x, count);
     }},
};
INSTANTIATE_TEST_SUITE_P(Ops, RearrangeGolden, testing::ValuesIn(all_cases),
                         testing::PrintToStringParamName());

TEST(Rearrange, BuildersHaveGradientsToSecondOrder) {
  Rng rng(4);
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  const Tensor at = rng.uniform({2, 3}, 0.5, 2);
  for (const Value& y : {flip(x, {1}), roll(x, 4), tile(x, {2, 1, 2}), repeat(x, 3)}) {
    const Value weights = graph.constant(rng.uniform(y.shape(), 0.5, 2));
    const Value slope = gradient(sum(weights * y * y * y), x);
    for (const Value& order : {sum(weights * y * y * y), sum(slope * slope)}) {
      const CheckReport report = check_gradient(order, x, {{x, at}});
      EXPECT_EQ(report.verdict(), Verdict::agree) << report.text();
    }
  }
}

TEST(Rearrange, ShiftsWrapForAnySizeOfAReplay) {
  Graph graph;
  const Value x = graph.input("x", {f64, {5}});
  const Value y = roll(x, 4, 0), z = roll(x, -4);
  const Rewritten other = replay(graph, std::vector<Retyped>{{x, {f64, {3}}}});
  const Feeds feeds{{other.mapping(x), Tensor::of({1.0, 2.0, 3.0})}};
  EXPECT_THAT(evaluate(other.mapping(y), feeds).to_vector<double>(), ElementsAre(3, 1, 2));
  EXPECT_THAT(evaluate(other.mapping(z), feeds).to_vector<double>(), ElementsAre(2, 3, 1));
}

TEST(Rearrange, GradientsFollowOtherShapes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  const Value y = tile(repeat(flip(x, {0}), 2, 1), {3, 1});
  const Value slope = gradient(sum(square(y)), x);
  const Rewritten other = replay(graph, std::vector<Retyped>{{x, {f64, {3, 1}}}});
  const Feeds feeds{{other.mapping(x), Tensor::of({{1.0}, {2.0}, {3.0}})}};
  EXPECT_EQ(other.mapping(y).shape(), (Shape{9, 2}));
  EXPECT_THAT(evaluate(other.mapping(y), feeds).to_vector<double>(),
              ElementsAre(3, 3, 2, 2, 1, 1, 3, 3, 2, 2, 1, 1, 3, 3, 2, 2, 1, 1));
  EXPECT_THAT(evaluate(other.mapping(slope), feeds).to_vector<double>(), ElementsAre(12, 24, 36));
}

TEST(Rearrange, RefusesBadArguments) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  EXPECT_THAT(message<ShapeError>([&] {
                flip(x, {0, -2});
              }),
              HasSubstr("flip: axis -2 is given twice"));
  EXPECT_THAT(message<ShapeError>([&] { flip(x, {2}); }),
              HasSubstr("flip: axis 2 is outside [-2, 1] for rank 2"));
  EXPECT_THAT(message<ArgumentError>([&] {
                roll(x, {1, 2}, {0});
              }),
              HasSubstr("roll: needs one shift for each axis, got 2 for 1 axes"));
  EXPECT_THAT(message<ArgumentError>([&] { roll(x, INT64_MIN, 0); }),
              HasSubstr("cannot shift by -9223372036854775808"));
  EXPECT_THAT(message<ArgumentError>([&] { repeat(x, -1, 0); }),
              HasSubstr("repeat: count must not be negative, got -1"));
  EXPECT_THAT(message<ShapeError>([&] { repeat(x, INT64_MAX, 0); }),
              HasSubstr("axis 0 of [2,3] cannot be repeated 9223372036854775807 times"));
  const std::size_t size = graph.size();
  EXPECT_THAT(message<ArgumentError>([&] {
                tile(x, {-2, 2});
              }),
              HasSubstr("count must not be negative, got -2"));
  const Value deep = graph.input("deep", {f64, {1, 1, 1, 1, 1, 1, 1, 2}});
  EXPECT_THAT(message<ShapeError>([&] { tile(deep, {2}); }), HasSubstr("rank 9 is more than 8"));
  EXPECT_EQ(graph.size(), size + 1);  // nodes appended before the error are removed
}

TEST(Rearrange, TilingOnceIsTheValueItself) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  EXPECT_TRUE(tile(x, {1, 1}) == x);
  EXPECT_TRUE(tile(x, {}) == x);
}

}  // namespace
}  // namespace dagrad
