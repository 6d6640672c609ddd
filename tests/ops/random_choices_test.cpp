#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "dagrad/ops/control.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/random.hpp"
#include "dagrad/rewrite.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"

/// Random ops other than uniform and normal. Their bits are compared with golden files, and their
/// distributions are tested statistically: a correct distribution fails for one in 10^6 keys, and
/// the keys are fixed.
namespace dagrad {
namespace {

using test::infinity;
using test::message;
using test::nan;
using testing::ElementsAre;
using testing::HasSubstr;
using Values = std::vector<Value>;

TEST(DrawsGolden, TruncatedNormal) {
  check_golden_cases("truncated_normal", [](const Graph&, auto in, const golden::Case& golden) {
    const auto& a = golden.attributes;
    return Values{truncated_normal(in[0], to_tensor(golden.out[0]).type(), a.real("mean"),
                                   a.real("deviation"), a.real("low"), a.real("high"))};
  });
}
TEST(DrawsGolden, Gumbel) {
  check_golden_cases("gumbel", [](const Graph&, auto in, const golden::Case& golden) {
    return Values{gumbel(in[0], to_tensor(golden.out[0]).type())};
  });
}
TEST(DrawsGolden, Bernoulli) {
  check_golden_cases("bernoulli", [](const Graph&, auto in, const golden::Case& golden) {
    const auto& a = golden.attributes;
    return Values{a.has("p") ? bernoulli(in[0], a.real("p"), {a.integer("size")})
                             : bernoulli(in[0], in[1])};
  });
}
TEST(DrawsGolden, Categorical) {
  check_golden_cases("categorical", [](const Graph&, auto in, const golden::Case& golden) {
    const auto& a = golden.attributes;
    const std::int64_t axis = a.integer("axis");
    return Values{a.has("samples") ? categorical(in[0], in[1], axis, a.integer("samples"))
                                   : categorical(in[0], in[1], axis)};
  });
}
TEST(DrawsGolden, Permutation) {
  check_golden_cases("permutation", [](const Graph&, auto in, const golden::Case& golden) {
    return Values{permutation(in[0], golden.attributes.integer("size"))};
  });
}

struct RandomChoices : testing::Test {
  Graph graph;
  Value key = graph.constant(Tensor(std::int64_t{42}));
};

/// The Kolmogorov-Smirnov distance between a sample and a distribution, times √n.
template <class Distribution>
double distance(const Tensor& sample, Distribution below) {
  std::vector<double> x = sample.cast(f64).to_vector<double>();
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = below(x[i]), at = static_cast<double>(i);
    largest = std::max({largest, p - at / n, (at + 1) / n - p});
  }
  return largest * std::sqrt(n);
}
constexpr double once_in_a_million = 2.7;  // 2 exp(-2 d²)

/// Pearson's χ² for counts of equally likely events, in standard deviations from its mean.
double excess(const std::vector<std::int64_t>& counts) {
  const double n = static_cast<double>(std::accumulate(counts.begin(), counts.end(), 0L));
  const double wanted = n / static_cast<double>(counts.size());
  double sum = 0;
  for (const std::int64_t count : counts) {
    const double off = static_cast<double>(count) - wanted;
    sum += off * off / wanted;
  }
  const double degrees = static_cast<double>(counts.size()) - 1;
  return (sum - degrees) / std::sqrt(2 * degrees);
}

TEST_F(RandomChoices, TruncatedNormalHasItsDistributionInEveryRange) {
  // Covers each proposal, both sides and far tails. P(x > a) is computed by erfc, which keeps its
  // digits.
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{{-2, 2},
                                                                        {-0.3, 1},
                                                                        {-infinity, infinity},
                                                                        {0, infinity},
                                                                        {0.1, 0.8},
                                                                        {0.1, 6},
                                                                        {2, infinity},
                                                                        {8, 8.1},
                                                                        {-infinity, -20},
                                                                        {-1.2, -0.7}}) {
    const bool left = high < 0;
    const auto beyond = [&](double x) { return std::erfc((left ? -x : x) / std::sqrt(2)) / 2; };
    const double all = beyond(low) - beyond(high);
    for (const DType dtype : {f32, f64}) {
      const Tensor x = evaluate(truncated_normal(key, {dtype, {20000}}, 5, 2, low, high)).cast(f64);
      const auto below = [&, from = low](double v) {
        return (beyond(from) - beyond((v - 5) / 2)) / all;
      };
      EXPECT_LT(distance(x, below), once_in_a_million) << low << " to " << high;
      for (const double v : x.values<double>()) {
        ASSERT_GE(v, 5 + 2 * low);
        ASSERT_LE(v, 5 + 2 * high);
      }
    }
  }
}

TEST_F(RandomChoices, GumbelHasItsDistribution) {
  for (const DType dtype : {f32, f64})
    EXPECT_LT(distance(evaluate(gumbel(key, {dtype, {50000}})),
                       [](double x) { return std::exp(-std::exp(-x)); }),
              once_in_a_million);
}

TEST_F(RandomChoices, BernoulliHasItsProbability) {
  for (const double p : {1e-4, 0.3, 0.999}) {
    const Tensor flags = evaluate(bernoulli(key, p, {200, 500}));
    EXPECT_EQ(flags.type(), (Type{b8, {200, 500}}));
    double count = 0;
    for (std::int64_t i = 0; i < flags.size(); ++i) count += flags.at(i);
    EXPECT_NEAR(count, 1e5 * p, 5 * std::sqrt(1e5 * p * (1 - p)));
  }
  for (const double p : {0.0, 1.0}) {
    const Tensor flags = evaluate(bernoulli(key, p, {10000}));
    for (std::int64_t i = 0; i < flags.size(); ++i) ASSERT_EQ(flags.at(i), p);
  }
}

TEST_F(RandomChoices, CategoricalDrawsBySoftmax) {
  const Value logits =
      graph.constant(Tensor::of({std::log(0.1), -infinity, std::log(0.6), std::log(0.3)}));
  const Tensor drawn = evaluate(categorical(key, logits, 0, 100000));
  std::map<std::int64_t, double> count;
  for (const std::int64_t k : drawn.values<std::int64_t>()) ++count[k];
  EXPECT_EQ(count.size(), 3U);
  EXPECT_EQ(count[1], 0);
  EXPECT_NEAR(count[0], 1e4, 5 * std::sqrt(9000));
  EXPECT_NEAR(count[2], 6e4, 5 * std::sqrt(24000));
  EXPECT_EQ(evaluate(categorical(key, logits)).shape(), Shape{});
}

TEST_F(RandomChoices, PermutationGivesAllOrdersEquallyOften) {
  std::map<std::vector<std::int64_t>, std::int64_t> seen;
  for (std::int64_t i = 0; i < 12000; ++i) {
    std::vector<std::int64_t> order(4);
    fill_permutation(fold_in(42, i), order);
    ++seen[order];
  }
  ASSERT_EQ(seen.size(), 24U);
  std::vector<std::int64_t> counts;
  for (const auto& [order, count] : seen) counts.push_back(count);
  EXPECT_LT(excess(counts), 6);
  EXPECT_EQ(evaluate(permutation(key, 0)).size(), 0);
  EXPECT_THAT(evaluate(permutation(key, 1)).to_vector<std::int64_t>(), ElementsAre(0));
  Rng rng(9), again(9);  // the host draws the same
  const Value own = graph.constant(Tensor(again.key()));
  EXPECT_TRUE(same_bits(rng.permutation(1000), evaluate(permutation(own, 1000))));
}

TEST_F(RandomChoices, KeepTheirDrawsWhenReplayedInAnotherDtype) {
  const Value p = graph.constant(Tensor::of({0.1F, 0.5F, 0.9F}));
  const Values values{truncated_normal(key, {f32, {3000}}), gumbel(key, {f32, {3000}}),
                      bernoulli(key, p), categorical(key, p, 0, 1000)};
  const Rewritten wide = replay(graph, f32, f64);
  for (const Value& value : values) {
    const Tensor got = evaluate(wide.mapping(value)), narrow = evaluate(value);
    EXPECT_TRUE(same_bits(got, is_float(narrow.dtype()) ? narrow.cast(f64) : narrow));
  }
}

TEST_F(RandomChoices, HaveNoGradient) {
  const Value p = graph.parameter("p", Tensor::of({0.25, 0.75}));
  const Tensor slope = evaluate(gradient(cast(bernoulli(key, p), f64) * p, p,
                                         {.seed = graph.constant(Tensor::of({1.0, 1.0}))}));
  EXPECT_TRUE(same_bits(slope, evaluate(bernoulli(key, p)).cast(f64)));
}

TEST_F(RandomChoices, RefuseInvalidDistributions) {
  const Type type{f64, {2}};
  EXPECT_THAT(message<ArgumentError>([&] { bernoulli(key, 1.5); }),
              HasSubstr("bernoulli: a probability must be in [0, 1], got 1.5"));
  EXPECT_THAT(message<ArgumentError>([&] { bernoulli(key, nan); }), HasSubstr("got nan"));
  // Constants are checked at the user's line; feeds are checked in the run.
  EXPECT_THAT(message<ArgumentError>([&] {
                bernoulli(key, graph.constant(Tensor::of({{0.5, 1.0}, {0.0, -0.1}})));
              }),
              HasSubstr("got -0.1 at [1,1]"));
  const Value p = graph.input("p", type), flags = bernoulli(key, p).named("flags");
  EXPECT_THAT(message<RunError>([&] {
                evaluate(flags, {{p, Tensor::of({0.5, nan})}});
              }),
              testing::AllOf(HasSubstr("got nan at [1]"), HasSubstr("node 'flags'")));
  EXPECT_THAT(message<TypeError>([&] { bernoulli(key, key); }),
              HasSubstr("probabilities must be float32 or float64, got int64[]"));
  EXPECT_THAT(message<ArgumentError>([&] { truncated_normal(key, type, 0, 1, 2, 2); }),
              HasSubstr("truncated_normal: needs low < high, got 2 and 2"));
  EXPECT_THAT(message<ArgumentError>([&] { truncated_normal(key, type, 0, 1, nan, 2); }),
              HasSubstr("got nan and 2"));
  EXPECT_THAT(message<ArgumentError>([&] { truncated_normal(key, type, 0, -1); }),
              HasSubstr("deviation >= 0"));
  EXPECT_THAT(message<ArgumentError>([&] { permutation(key, -1); }),
              HasSubstr("permutation: needs n >= 0, got -1"));
  EXPECT_THAT(message<TypeError>([&] { permutation(p, 3); }), HasSubstr("a key must be int64"));
}

TEST_F(RandomChoices, CategoricalNamesARowWithoutDistribution) {
  const Value x = graph.input("x", {f64, {2, 2}});
  const auto drawn = [&](double a, double b, std::int64_t axis) {
    return message<RunError>([&] {
      evaluate(categorical(key, x, axis), {{x, Tensor::of({{0.0, a}, {0.0, b}})}});
    });
  };
  EXPECT_THAT(drawn(-infinity, -infinity, 0),
              HasSubstr("categorical: the row that begins at [0,1] has no"));
  EXPECT_THAT(drawn(0, nan, 1), HasSubstr("the row that begins at [1,0] has no distribution"));
  EXPECT_THAT(drawn(0, infinity, 1), HasSubstr("the row that begins at [1,0] has no"));
  EXPECT_THAT(message<ShapeError>([&] {
                categorical(key, graph.input("e", {f64, {2, 0}}));
              }),
              HasSubstr("logits must have at least one class, got [2,0]"));
  EXPECT_THAT(message<ShapeError>([&] { categorical(key, x, 2); }), HasSubstr("axis 2"));
  EXPECT_THAT(message<ArgumentError>([&] { categorical(key, x, 1, -1); }),
              HasSubstr("needs samples >= 0, got -1"));
  EXPECT_THAT(message<TypeError>([&] { categorical(key, key, 0); }),
              HasSubstr("logits must be float32 or float64, got int64[]"));
}

}  // namespace
}  // namespace dagrad
