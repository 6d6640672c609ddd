#include "dagrad/ops/attention.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "dagrad/gtest.hpp"
#include "dagrad/ops/dropout.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/random.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "dagrad/rewrite.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::infinity;
using test::message;
using test::nan;
using ::testing::HasSubstr;
using Values = std::vector<Value>;
using In = std::span<const Value>;

TEST(AttentionGolden, MaskedSoftmax) {
  check_golden_cases("masked_softmax", [](const Graph&, In in, const golden::Case& golden) {
    const MaskedSoftmax op{golden.attributes.flag("causal", false)};
    return Values{in.size() == 1 ? apply(op, {in[0]}) : apply(op, {in[0], in[1]})};
  });
}
TEST(AttentionGolden, Attention) {
  check_golden_cases("attention", [](const Graph&, In in, const golden::Case& golden) {
    AttentionOptions options{.causal = golden.attributes.flag("causal", false)};
    if (golden.attributes.has("scale")) options.scale = golden.attributes.real("scale");
    if (in.size() == 4) options.mask = in[3];
    return Values{attention(in[0], in[1], in[2], options)};
  });
}

struct AttentionTest : ::testing::Test {
  Graph graph;
  Rng rng{11};
  Value q = graph.constant(rng.normal({2, 3, 2})), k = graph.constant(rng.normal({2, 4, 2}));
  Value v = graph.constant(rng.normal({2, 4, 3}));
  Value constant(const Tensor& tensor) { return graph.constant(tensor); }
};

TEST_F(AttentionTest, PassesTheCheckToSecondOrder) {
  Graph own;
  const Value a = own.parameter("q", rng.normal({3, 2})),
              b = own.parameter("k", rng.normal({4, 2}));
  const Value c = own.parameter("v", rng.normal({4, 2}));
  const Value mask = own.constant(Tensor::of(
      {{true, true, false, true}, {false, false, false, false}, {true, false, true, true}}));
  const Value y = sum(square(attention(a, b, c, {.causal = true, .mask = mask})));
  EXPECT_GRADIENT(y, {a, b, c});
  EXPECT_GRADIENT(sum(square(gradient(y, a))), {a, b, c});
}

TEST_F(AttentionTest, MaskedElementsHaveNoEffect) {
  const Value scores = constant(Tensor::of({{nan, 1.0, infinity}, {nan, nan, nan}}));
  const Value mask = constant(Tensor::of({{false, true, false}, {false, false, false}}));
  const Value weights = apply(MaskedSoftmax{}, {scores, mask});
  EXPECT_EQ(evaluate(weights).to_vector<double>(), (std::vector<double>{0, 1, 0, 0, 0, 0}));
  for (const double slope : evaluate(gradient(sum(square(weights)), scores)).to_vector<double>())
    EXPECT_EQ(slope, 0);
}

TEST_F(AttentionTest, MaskedSoftmaxOfAllAllowedIsSoftmax) {
  const Value all = constant(Tensor::full({b8, {}}, 1));
  EXPECT_TRUE(compare(evaluate(attention(q, k, v, {.mask = all})), evaluate(attention(q, k, v)),
                      1e-14, 1e-15)
                  .close);
  const Value infinite = constant(Tensor::of({{-infinity, -infinity}}));
  EXPECT_TRUE(std::isnan(evaluate(apply(MaskedSoftmax{}, {infinite, all})).at(0)));
}

TEST_F(AttentionTest, CausalQueriesAreTheLastOnes) {
  const Tensor all = evaluate(attention(k, k, v, {.causal = true}));
  const Value last = slice(k, 1, {.begin = -1});
  const Tensor one = evaluate(attention(last, k, v, {.causal = true}));
  for (std::int64_t j = 0; j < 3; ++j) EXPECT_NEAR(one.at(j), all.at(9 + j), 1e-15);
}

TEST_F(AttentionTest, IsReplayedAtOtherLengths) {
  Graph own;
  const Value x = own.input("x", {f64, {1, 3, 4}});
  const Value y = multi_head_attention(x, x, x, 2, {.causal = true});
  const Value slope = gradient(sum(square(y)), x);
  const auto longer = replay(own, {{{x, {f64, {2, 5, 4}}}}});
  const Tensor fed = rng.normal({2, 5, 4});
  const Value anew = constant(fed);
  const Value wanted = multi_head_attention(anew, anew, anew, 2, {.causal = true});
  const auto got =
      evaluate(Values{longer.mapping(y), longer.mapping(slope)}, {{longer.mapping(x), fed}});
  EXPECT_TRUE(same_bits(got[0], evaluate(wanted)));
  EXPECT_TRUE(same_bits(got[1], evaluate(gradient(sum(square(wanted)), anew))));
}

TEST_F(AttentionTest, HeadsAreIndependentAttentions) {
  const Value x = constant(rng.normal({2, 3, 4})), w = constant(rng.normal({2, 3, 6}));
  const Tensor joined = evaluate(multi_head_attention(x, x, w, 2, {.causal = true}));
  const auto xs = split(x, 2, -1), ws = split(w, 2, -1);
  const Value by_hand = concat({attention(xs[0], xs[0], ws[0], {.causal = true}),
                                attention(xs[1], xs[1], ws[1], {.causal = true})},
                               -1);
  EXPECT_TRUE(compare(joined, evaluate(by_hand), 1e-14, 1e-15).close);
}

TEST_F(AttentionTest, RefusesBadArguments) {
  EXPECT_THAT(message<ShapeError>([&] { attention(q, v, v); }),
              HasSubstr("attention: needs q [..., T, d], k [..., S, d] and v [..., S, e], got "
                        "[2,3,2], [2,4,3] and [2,4,3]"));
  EXPECT_THAT(message<ShapeError>([&] { attention(q, k, q); }), HasSubstr("and [2,3,2]"));
  const std::size_t before = graph.size();
  const Value mask = constant(Tensor({b8, {4, 3}}));
  EXPECT_THAT(message<ShapeError>([&] { attention(q, k, v, {.mask = mask}); }),
              HasSubstr("mask of [4,3] does not broadcast to [2,3,4]"));
  EXPECT_EQ(graph.size(), before + 1);  // the mask
  EXPECT_THAT(message<TypeError>([&] { attention(q, k, v, {.mask = q}); }),
              HasSubstr("a mask must be bool, got float64[2,3,2]"));
  EXPECT_THAT(message<ArgumentError>([&] { attention(q, k, v, {.scale = infinity}); }),
              HasSubstr("attention: scale must be finite, got inf"));
  const Value ints = constant(Tensor({i64, {2, 2}}));
  EXPECT_THROW(attention(ints, ints, ints), TypeError);
  EXPECT_THAT(
      message<ShapeError>([&] { multi_head_attention(q, k, v, 2); }),
      HasSubstr("multi_head_attention: 2 heads do not divide the last axis of v of [2,4,3]"));
}

struct DropoutTest : ::testing::Test {
  Graph graph;
  Value key = graph.constant(Tensor(std::int64_t{42}));
  Value ones = graph.constant(Tensor::full({f64, {100000}}, 1));
};

TEST_F(DropoutTest, KeepsTheRightShare) {
  for (const double p : {0.1, 0.5, 0.9}) {
    const Tensor y = evaluate(dropout(ones, key, p));
    std::int64_t kept = 0;
    for (std::int64_t i = 0; i < y.size(); ++i) {
      ASSERT_EQ(y.at(i), uniform_float(42, i) >= p ? 1 / (1 - p) : 0);
      kept += y.at(i) != 0;
    }
    EXPECT_NEAR(static_cast<double>(kept) / 1e5, 1 - p, 5 * std::sqrt(p * (1 - p) / 1e5));
  }
}

TEST_F(DropoutTest, GradientsGoThroughTheSameMask) {
  const Value x = graph.constant(Rng(1).normal({100000}));
  const Value y = dropout(x, key, 0.3);
  const auto both = evaluate(Values{dropout(ones, key, 0.3), gradient(sum(y), x)});
  EXPECT_TRUE(same_bits(both[0], both[1]));
  // The mask is drawn once.
  std::size_t masks = 0;
  const Value again = gradient(sum(square(gradient(sum(square(y)), x))), x);
  for (const Node& node : graph.nodes()) masks += node.op().name() == "dropout_mask";
  EXPECT_EQ(masks, 2U);  // those of y and of the ones
  EXPECT_FALSE(again.empty());
}

TEST_F(DropoutTest, AtProbabilities0And1) {
  const Value x = graph.constant(Tensor::of({1.5, nan, infinity}));
  const Value all = dropout(x, key, 0), none = dropout(x, key, 1);
  EXPECT_TRUE(same_bits(evaluate(all), evaluate(x)));
  const auto got = evaluate(Values{none, gradient(sum(none), x), gradient(sum(all), x)});
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(got[0].at(i), 0);
    EXPECT_EQ(got[1].at(i), 0);
    EXPECT_EQ(got[2].at(i), 1);
  }
}

TEST_F(DropoutTest, DropsNanAndInfinityToZero) {
  const Value x = graph.constant(Tensor::full({f64, {64}}, nan));
  const Value y = dropout(x, key, 0.5);
  const Value seed = graph.constant(Tensor::full({f64, {64}}, infinity));
  const auto got = evaluate(Values{y, gradient(y, x, {.seed = seed})});
  std::int64_t dropped = 0;
  for (std::int64_t i = 0; i < 64; ++i) {
    const bool kept = uniform_float(42, i) >= 0.5;
    dropped += !kept;
    EXPECT_EQ(got[0].at(i) == 0, !kept);
    EXPECT_EQ(got[1].at(i), kept ? infinity : 0);
  }
  EXPECT_GT(dropped, 16);
}

TEST_F(DropoutTest, HasTheSameMaskInAnyDtype) {
  const Value kept = not_equal(dropout(ones, key, 0.3), 0);
  const auto narrow = replay(graph, f64, f32);
  EXPECT_TENSOR_SAME(evaluate(narrow.mapping(kept)), evaluate(kept));
}

TEST_F(DropoutTest, Refuses) {
  for (const double p : {-0.1, 1.5, nan})
    EXPECT_THAT(message<ArgumentError>([&] { dropout(ones, key, p); }),
                HasSubstr("dropout: the probability must be in [0, 1], got "));
  EXPECT_THAT(message<TypeError>([&] { dropout(ones, ones, 0.5); }),
              HasSubstr("a key must be int64, got float64[100000]"));
  EXPECT_THROW(dropout(ones, graph.constant(Tensor({i64, {2}})), 0.5), ShapeError);
  EXPECT_THROW(dropout(key, key, 0.5), TypeError);
}

}  // namespace
}  // namespace dagrad
