#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "dagrad/ops/create.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/dropout.hpp"
#include "dagrad/ops/random.hpp"
#include "dagrad/rewrite.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::message;
using testing::HasSubstr;

TEST(Create, FullTakesTheValueExactly) {
  Graph graph;
  const std::int64_t large = (std::int64_t{1} << 60) + 1;
  EXPECT_EQ(evaluate(full(graph, {i64, {2}}, large)).values<std::int64_t>()[1], large);
  EXPECT_EQ(evaluate(full(graph, {f32, {2}}, 0.1)).values<float>()[0], 0.1F);
  EXPECT_EQ(evaluate(full(graph, {b8, {}}, true)).item<bool>(), true);
  EXPECT_EQ(evaluate(zeros(graph, {i32, {0, 3}})).shape(), (Shape{0, 3}));
  EXPECT_EQ(evaluate(ones(graph, {f64, {2, 2}})).at(3), 1);
}

TEST(Create, FullRefusesUnrepresentableValues) {
  Graph graph;
  EXPECT_THROW(full(graph, {i32, {2}}, 0.5), TypeError);
  EXPECT_THROW(full(graph, {i32, {2}}, std::int64_t{1} << 40), ArgumentError);
  EXPECT_THROW(full(graph, {f64, {-1}}, 1), ShapeError);
}

TEST(Create, IotaCountsInAnyNumber) {
  Graph graph;
  EXPECT_EQ(evaluate(iota(graph, 3, f32)).to_vector<float>(), (std::vector<float>{0, 1, 2}));
  EXPECT_EQ(evaluate(iota(graph, 0)).size(), 0);
  const Tensor many = evaluate(iota(graph, 100000, i32));
  EXPECT_EQ(many.at(99999), 99999);
  EXPECT_THAT(message<ShapeError>([&] { iota(graph, -1); }), HasSubstr("iota: "));
  EXPECT_THAT(message<TypeError>([&] { iota(graph, 2, b8); }), HasSubstr("got bool"));
  EXPECT_THAT(message<ArgumentError>([&] { iota(graph, (1 << 24) + 2, f32); }),
              HasSubstr("float32 does not hold all integers up to 16777217"));
  EXPECT_EQ(iota(graph, (1 << 24) + 1, f32).size(), (1 << 24) + 1);
}

TEST(Create, RecordsTheLine) {
  Graph graph;
  EXPECT_EQ(zeros(graph, {f64, {}}).node().where().line, __LINE__);
  EXPECT_EQ(iota(graph, 2).node().where().line, __LINE__);
}

TEST(Create, EqualCallsGiveEqualOps) {
  Graph graph;
  const auto op = [](const Value& value) { return value.node().op(); };
  EXPECT_EQ(op(zeros(graph, {f64, {2}})), op(full(graph, {f64, {2}}, 0.0)));
  EXPECT_FALSE(op(zeros(graph, {f64, {2}})) == op(full(graph, {f64, {2}}, -0.0)));
  EXPECT_FALSE(op(zeros(graph, {f64, {2}})) == op(zeros(graph, {f32, {2}})));
}

struct RandomOps : testing::Test {
  Graph graph;
  Value key = graph.constant(Tensor(std::int64_t{42}));
};

TEST_F(RandomOps, DependOnlyOnKeyAndAttributes) {
  const Type type{f64, {1000}};
  const Tensor first = evaluate(uniform(key, type));
  EXPECT_TRUE(same_bits(first, evaluate(uniform(key + 0, type))));
  EXPECT_FALSE(same_bits(first, evaluate(uniform(key + 1, type))));
  EXPECT_TRUE(same_bits(evaluate(normal(key, type)), evaluate(normal(key, type))));
  // A longer tensor begins with the shorter one.
  EXPECT_EQ(evaluate(uniform(key, {f64, {100000}})).at(999), first.at(999));
  EXPECT_EQ(first.at(7), uniform_double(42, 7));
  EXPECT_EQ(evaluate(normal(key, {f32, {20}})).values<float>()[13], normal_float(42, 13));
}

TEST_F(RandomOps, KeepTheirNumbersWhenReplayedInAnotherDtype) {
  const Value values[] = {uniform(key, {f32, {3000}}, -1, 1), normal(key, {f32, {3000}})};
  const Rewritten wide = replay(graph, f32, f64);
  for (const Value& value : values) {
    const Tensor got = evaluate(wide.mapping(value));
    EXPECT_EQ(got.dtype(), f64);
    EXPECT_TRUE(same_bits(got, evaluate(value).cast(f64)));
  }
}

TEST_F(RandomOps, UniformStaysInItsInterval) {
  const Tensor values = evaluate(uniform(key, {f32, {100000}}, 2, 3));
  for (const float x : values.values<float>()) {
    EXPECT_GE(x, 2);
    EXPECT_LT(x, 3);
  }
  double sum = 0;
  for (std::int64_t i = 0; i < values.size(); ++i) sum += values.at(i);
  EXPECT_NEAR(sum / 100000, 2.5, 0.005);
}

TEST_F(RandomOps, NormalHasItsMoments) {
  const Tensor values = evaluate(normal(key, {f64, {100000}}, 3, 2));
  double sum = 0, squares = 0;
  for (const double x : values.values<double>()) {
    sum += x - 3;
    squares += (x - 3) * (x - 3);
  }
  EXPECT_NEAR(sum / 100000, 0, 0.03);
  EXPECT_NEAR(squares / 100000, 4, 0.08);
}

TEST_F(RandomOps, KeysFoldAndSplit) {
  EXPECT_EQ(evaluate(fold_in(key, 7)).item<std::int64_t>(), fold_in(42, 7));
  const Value many = fold_in(key, iota(graph, 100));
  const Tensor folded = evaluate(many);
  std::set<std::int64_t> different;
  for (const std::int64_t k : folded.values<std::int64_t>()) different.insert(k);
  EXPECT_EQ(different.size(), 100U);
  const std::vector<Value> keys = split_key(key, 3);
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_EQ(evaluate(keys[2]).item<std::int64_t>(), fold_in(fold_in(42, 3), 2));
  EXPECT_TRUE(split_key(key, 0).empty());
  EXPECT_THAT(message<ArgumentError>([&] { split_key(key, -1); }),
              HasSubstr("split_key: needs n >= 0"));
}

TEST_F(RandomOps, HaveNoGradientForTheKeyButPassOthers) {
  const Value x = graph.input("x", {f64, {}});
  const Value y = uniform(key, {f64, {}}, 1, 2) * x;
  EXPECT_EQ(evaluate(gradient(y, x)).item<double>(),
            evaluate(uniform(key, {f64, {}}, 1, 2)).item<double>());
}

TEST_F(RandomOps, DrawForEachOfSeveralKeys) {
  const Tensor numbers = Tensor::of<std::int64_t>({{3, -4}, {5, 3}});
  const Value keys = graph.constant(numbers),
              p = graph.constant(Tensor::full({f64, {2, 2, 5}}, 0.5));
  const std::vector<Value> all{
      uniform(keys, {f64, {1500}}), normal(keys, {f32, {2, 3}}), truncated_normal(keys, {f64, {}}),
      gumbel(keys, {f32, {0}}),     bernoulli(keys, 0.5, {7}),   bernoulli(keys, p),
      categorical(keys, p),         categorical(keys, p, -1, 4), permutation(keys, 6),
      dropout(p, keys, 0.5)};
  const std::vector<Tensor> values = evaluate(all);
  for (std::int64_t i = 0; i < 4; ++i) {
    const Value one = graph.constant(Tensor(static_cast<std::int64_t>(numbers.at(i))));
    const Value q = graph.constant(Tensor::full({f64, {5}}, 0.5));
    const std::vector<Tensor> alone = evaluate(
        {uniform(one, {f64, {1500}}), normal(one, {f32, {2, 3}}), truncated_normal(one, {f64, {}}),
         gumbel(one, {f32, {0}}), bernoulli(one, 0.5, {7}), bernoulli(one, q), categorical(one, q),
         categorical(one, q, -1, 4), permutation(one, 6), dropout(q, one, 0.5)});
    for (std::size_t k = 0; k < alone.size(); ++k)
      EXPECT_TRUE(same_bits(values[k][{i / 2, i % 2}], alone[k])) << k;
  }
}

TEST_F(RandomOps, RefuseKeysThatDoNotFitWhatIsDrawnFrom) {
  const Value keys = graph.input("keys", {i64, {2}}), p = graph.input("p", {f64, {3, 4}});
  EXPECT_THAT(
      message<ShapeError>([&] { bernoulli(keys, p); }),
      HasSubstr("bernoulli: keys of [2] need something to draw from each: float64[3,4] does "
                "not begin with these axes"));
  const Value q = graph.input("q", {f64, {2}});
  EXPECT_THAT(message<ShapeError>([&] { categorical(keys, q); }),
              HasSubstr("categorical: axis 0 of [2] is one of the keys, not one of classes"));
  EXPECT_THROW(dropout(p, keys, 0.5), ShapeError);
  EXPECT_THROW(uniform(keys, {f64, {1, 1, 1, 1, 1, 1, 1, 1}}), ShapeError);
}

TEST_F(RandomOps, RefuseBadKeysAndRanges) {
  const Value wrong = graph.input("wrong", {i32, {}});
  EXPECT_THAT(message<TypeError>([&] {
                normal(wrong, {f64, {}});
              }),
              HasSubstr("normal: a key must be int64, got int32[]"));
  EXPECT_THAT(message<TypeError>([&] { uniform(key, {i32, {}}); }), HasSubstr("not int32"));
  EXPECT_THAT(message<ArgumentError>([&] {
                uniform(key, {f64, {}}, 1, 1);
              }),
              HasSubstr("needs low < high, both finite with a finite difference"));
  EXPECT_THAT(message<ArgumentError>([&] {
                uniform(key, {f64, {}}, 0, test::nan);
              }),
              HasSubstr("got 0 and nan"));
  EXPECT_THAT(message<ArgumentError>([&] {
                normal(key, {f64, {}}, 0, -1);
              }),
              HasSubstr("deviation >= 0"));
  EXPECT_THAT(message<TypeError>([&] { fold_in(wrong, 1); }), HasSubstr("fold_in: takes int64"));
}

}  // namespace
}  // namespace dagrad
