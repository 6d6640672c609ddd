#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "dagrad/gtest.hpp"
#include "dagrad/ops/attention.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "tests/ops/support.hpp"

/// Keys and values that a query may not attend to have no effect, whatever they contain.
namespace dagrad {
namespace {

using test::infinity;
using test::nan;
using Values = std::vector<Value>;

/// Replaces a row of a matrix.
Tensor with_row(Tensor x, std::int64_t row, double value) {
  const std::int64_t n = x.shape()[x.rank() - 1];
  for (std::int64_t j = 0; j < n; ++j) {
    const auto at = static_cast<std::size_t>(row * n + j);
    if (x.dtype() == f32)
      x.mutate<float>()[at] = static_cast<float>(value);
    else
      x.mutate<double>()[at] = value;
  }
  return x;
}
bool same_row(const Tensor& a, const Tensor& b, std::int64_t row) {
  const std::int64_t n = a.shape()[a.rank() - 1];
  for (std::int64_t j = 0; j < n; ++j)
    if (a.at(row * n + j) != b.at(row * n + j)) return false;
  return true;
}

struct MaskedAttention : ::testing::Test {
  Rng rng{5};
  Tensor q, k, v, seed;
  Tensor mask = Tensor::of(
      {{true, true, false, true}, {true, false, false, false}, {true, true, false, false}});

  void draw(DType dtype, std::int64_t queries = 3, std::int64_t keys = 4) {
    q = rng.normal({queries, 5}, 0, 1, dtype);
    k = rng.normal({keys, 5}, 0, 1, dtype);
    v = rng.normal({keys, 2}, 0, 1, dtype);
    seed = rng.normal({queries, 2}, 0, 1, dtype);
  }
  /// The result, the gradients of q, k and v, and the gradients of the sum of squares of these.
  std::vector<Tensor> run(const Tensor& keys, const Tensor& values, bool causal, bool masked) {
    Graph graph;
    const Value a = graph.parameter("q", q), b = graph.parameter("k", keys);
    const Value c = graph.parameter("v", values);
    AttentionOptions options{.causal = causal};
    if (masked) options.mask = graph.constant(mask);
    Values all{attention(a, b, c, options)};
    const Values first = gradient(all[0], {a, b, c}, {.seed = graph.constant(seed)});
    const Value squares = sum(square(first[0])) + sum(square(first[1])) + sum(square(first[2]));
    all.insert(all.end(), first.begin(), first.end());
    for (const Value& slope : gradient(squares, {a, b, c})) all.push_back(slope);
    return evaluate(all);
  }
};

TEST_F(MaskedAttention, OfAnUnseenKeyIsAttentionWithoutIt) {
  for (const DType dtype : {f32, f64}) {
    draw(dtype);
    const auto want = run(k, v, false, true);
    for (const double junk : {nan, infinity, -infinity, 1e30}) {
      const auto got = run(with_row(k, 2, junk), with_row(v, 2, junk), false, true);
      for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TENSOR_SAME(got[i], want[i]) << i;
    }
    for (const std::size_t slope : {2U, 3U, 5U, 6U})  // of k and of v, to second order
      EXPECT_TRUE(same_row(want[slope], with_row(want[slope], 2, 0), 2)) << slope;
  }
}

TEST_F(MaskedAttention, NanReachesOnlyQueriesThatSeeIt) {
  draw(f64);
  const auto want = run(k, v, false, true);
  const auto got = run(k, with_row(v, 3, nan), false, true);  // query 0 sees key 3
  EXPECT_TRUE(std::isnan(got[0].at(0)));
  EXPECT_TRUE(same_row(got[0], want[0], 1) && same_row(got[0], want[0], 2));
  EXPECT_TRUE(std::isnan(got[1].at(0)));
  EXPECT_TRUE(same_row(got[1], want[1], 1) && same_row(got[1], want[1], 2));
  EXPECT_TRUE(same_row(got[2], want[2], 2)) << "no query sees key 2";
  EXPECT_FALSE(std::isnan(got[3].at(3 * 2))) << "gradients of v do not depend on v";
}

TEST_F(MaskedAttention, TheFutureHasNoEffect) {
  draw(f32, 6, 6);
  const auto want = run(k, v, true, false);
  const auto got = run(with_row(k, 5, nan), with_row(v, 5, infinity), true, false);
  for (std::int64_t t = 0; t < 5; ++t)
    EXPECT_TRUE(same_row(got[0], want[0], t) && same_row(got[1], want[1], t)) << t;
  for (std::int64_t j = 0; j < 2; ++j) EXPECT_TRUE(std::isnan(got[0].at(10 + j)));
}

TEST_F(MaskedAttention, NanOfAQueryReachesOnlyKeysThatItSees) {
  draw(f64);
  const auto want = run(k, v, false, true);
  for (Tensor* const changed : {&q, &seed}) {  // query 1 sees key 0
    const Tensor kept = *changed;
    *changed = with_row(kept, 1, nan);
    const auto got = run(k, v, false, true);
    *changed = kept;
    for (const std::size_t slope : {2U, 3U}) {
      EXPECT_TRUE(std::isnan(got[slope].at(0))) << slope;
      for (const std::int64_t key : {1, 2, 3})
        EXPECT_TRUE(same_row(got[slope], want[slope], key)) << slope << ", key " << key;
    }
  }
}

TEST_F(MaskedAttention, ANanThatIsSeenWithWeightZeroStaysNan) {
  Graph graph;
  const Value scores = graph.constant(Tensor::of({{0.0, -1e9}}));
  const Value weights = apply(MaskedSoftmax{true}, {scores});
  const Value values = graph.constant(Tensor::of({{1.0}, {nan}}));
  EXPECT_EQ(evaluate(weights).at(1), 0);
  EXPECT_TRUE(std::isnan(evaluate(apply(MaskedMatmul{{true}}, {weights, values})).at(0)));
}

TEST_F(MaskedAttention, OfVisibleInfiniteValues) {
  Graph graph;
  const Value weights = graph.constant(Tensor::of({{1.0, 0.0}, {infinity, 0.5}}));
  const Value values = graph.constant(Tensor::of({{-infinity, 2.0}, {1.0, nan}}));
  EXPECT_EQ(evaluate(apply(MaskedMatmul{{true}}, {weights, values})).at(0), -infinity);
  EXPECT_EQ(evaluate(apply(MaskedMatmul{{true}}, {weights, values})).at(1), 2);
  EXPECT_EQ(evaluate(apply(MaskedMatmul{{true}}, {weights, values})).at(2), -infinity);
}

TEST_F(MaskedAttention, OfManyHeadsAndABatch) {
  const Tensor x = rng.normal({2, 40, 8});
  const Tensor padding = rng.integers({2, 1, 1, 40}, 0, 2).cast(b8);
  const auto run_with = [&](double junk) {
    Tensor filled = x;
    for (std::int64_t i = 0; i < 80; ++i)
      if (padding.at(i) == 0) filled = with_row(filled, i, junk);
    Graph graph;
    const Value queries = graph.parameter("q", x), keys = graph.parameter("k", filled);
    const Value y = multi_head_attention(queries, keys, keys, 2,
                                         {.causal = true, .mask = graph.constant(padding)});
    const Values first = gradient(sum(square(y)), {queries, keys});
    return evaluate(Values{y, first[0], first[1], gradient(sum(square(first[0])), queries)});
  };
  const auto want = run_with(3);
  for (const double junk : {nan, infinity}) {
    const auto got = run_with(junk);
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TENSOR_SAME(got[i], want[i]) << i;
  }
}

}  // namespace
}  // namespace dagrad
