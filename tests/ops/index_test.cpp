#include "dagrad/ops/index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "dagrad/rewrite.hpp"
#include "tests/ops/fresh.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::message;
using testing::ElementsAre;
using testing::HasSubstr;
using In = std::span<const Value>;
using golden::Attributes;

struct IndexCases {
  const char* op;
  std::vector<Value> (*build)(In in, const Attributes& a);
};
std::ostream& operator<<(std::ostream& out, const IndexCases& cases) { return out << cases.op; }

class IndexGolden : public testing::TestWithParam<IndexCases> {};

TEST_P(IndexGolden, CasesAgree) {
  const auto build = [&](const Graph&, In in, const golden::Case& golden) {
    return GetParam().build(in, golden.attributes);
  };
  check_golden_cases(GetParam().op, build);
}

template <Value (*read)(const Operand&, const Operand&, std::int64_t)>
std::vector<Value> reading(In in, const Attributes& a) {
  return {read(in[0], in[1], a.integer("axis"))};
}
template <Value (*write)(const Operand&, const Operand&, const Operand&, std::int64_t)>
std::vector<Value> writing(In in, const Attributes& a) {
  return {write(in[0], in[1], in[2], a.integer("axis"))};
}

const IndexCases all_cases[] = {
    {"take", reading<take>},
    {"take_along_axis", reading<take_along_axis>},
    {"scatter_add", writing<scatter_add>},
    {"add_along_axis", writing<add_along_axis>},
    {"scatter", writing<scatter>},
    {"put_along_axis", writing<put_along_axis>},
    {"embedding",
     [](In in, const Attributes&) { return std::vector<Value>{embedding(in[0], in[1])}; }},
    {"gather_nd",
     [](In in, const Attributes&) { return std::vector<Value>{gather_nd(in[0], in[1])}; }},
};
INSTANTIATE_TEST_SUITE_P(Ops, IndexGolden, testing::ValuesIn(all_cases),
                         testing::PrintToStringParamName());

Tensor indices_of(std::initializer_list<std::int64_t> values) {
  return Tensor({static_cast<std::int64_t>(values.size())}, std::vector(values));
}

TEST(Index, NamesAnIndexOutOfRangeAndItsPlace) {
  Graph graph;
  const Value x = graph.constant(Tensor({3, 2}, std::vector<double>(6, 1)));
  const Value i = graph.input("i", {i64, {2, 1}}), v = graph.parameter("v", Tensor(1.0));
  const Tensor wrong({2, 1}, std::vector<std::int64_t>{-3, 7});
  const auto run = [&](const Value& y) {
    return message<RunError>([&] { evaluate(y, {{i, wrong}}); });
  };
  const auto text = HasSubstr("index 7 at [1,0] is outside of [-3, 3)");
  EXPECT_THAT(run(take(x, i, 0)), text);
  EXPECT_THAT(run(scatter(x, i, 0, 0)), text);
  EXPECT_THAT(run(scatter_add(x, i, 1, 0)), text);
  EXPECT_THAT(run(take(x, i, 0)), HasSubstr("take"));
  EXPECT_THAT(run(gradient(sum(scatter(x, i, v, 0)), v)), text);
  // Constant indices are refused when the node is made.
  EXPECT_THAT(message<ArgumentError>([&] {
                take(x, graph.constant(indices_of({0, -4})), 0);
              }),
              HasSubstr("index -4 at [1] is outside of [-3, 3)"));
  EXPECT_THAT(message<ArgumentError>([&] {
                take(graph.constant(Tensor({f64, {0}})), graph.constant(indices_of({0})), 0);
              }),
              HasSubstr("index 0 at [0] is outside of [0, 0)"));
}

TEST(Index, ShapesAndTypesThatDoNotFitAreErrors) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3, 2}}), i = graph.input("i", {i64, {4}});
  const std::size_t size = graph.size();
  EXPECT_THAT(message<TypeError>([&] { take(x, x, 0); }),
              HasSubstr("indices must be int32 or int64, got float64[3,2]"));
  EXPECT_THAT(message<ShapeError>([&] { take_along_axis(x, i, 0); }),
              HasSubstr("indices must match [3,2] in all axes but 0, got [4]"));
  const Value narrow = graph.input("n", {f32, {4, 2}});
  EXPECT_THAT(message<TypeError>([&] { scatter(x, i, narrow, 0); }),
              HasSubstr("x is float64, but values are float32; convert with cast"));
  const Value truth = graph.input("t", {b8, {3}});
  EXPECT_THAT(message<TypeError>([&] { scatter_add(truth, i, truth, 0); }),
              HasSubstr("bool elements cannot be added; x is bool[3]; convert with cast"));
  EXPECT_THROW(scatter(x, i, graph.input("w", {f64, {3, 2}}), 0), ShapeError);
  EXPECT_EQ(graph.size(), size + 3);  // nodes appended before the error are removed
  EXPECT_THAT(message<ShapeError>([&] {
                apply(Scatter{}, {x, i, x});
              }),
              HasSubstr("indices [4] select [4,2] of [3,2], but values are [3,2]"));
}

TEST(Index, RowsOfIndicesNameTheIndexOutOfRangeAndItsPlace) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}}), i = graph.input("i", {i64, {2, 2}});
  const Tensor ones({2, 3}, std::vector<double>(6, 1));
  const Value y = gather_nd(x, i);
  const auto run = [&](const Value& value, std::vector<std::int64_t> indices) {
    return message<RunError>([&] {
      evaluate(value, {{x, ones}, {i, Tensor({2, 2}, std::move(indices))}});
    });
  };
  // 2 is a valid index for the second axis but not for the first.
  const std::string text = run(y, {0, 2, 2, 2});
  EXPECT_THAT(text, HasSubstr("index 2 at [1,0] is outside of [-2, 2)"));
  EXPECT_THAT(text, HasSubstr("linear_index_like"));
  EXPECT_THAT(text, HasSubstr("index_test.cpp:"));
  EXPECT_THAT(run(y, {0, 2, 1, -4}), HasSubstr("index -4 at [1,1] is outside of [-3, 3)"));
  EXPECT_THAT(run(gradient(sum(square(y)), x), {0, 3, 0, 0}),
              HasSubstr("index 3 at [0,1] is outside of [-3, 3)"));
  EXPECT_THAT(message<ArgumentError>([&] {
                gather_nd(x, graph.constant(indices_of({0, 3})));
              }),
              HasSubstr("index 3 at [1] is outside of [-3, 3)"));
  const std::size_t size = graph.size();
  EXPECT_THAT(
      message<ShapeError>([&] { gather_nd(x, graph.constant(Tensor(std::int64_t{0}))); }),
      HasSubstr("indices need at least one axis, with one index for each axis of x, got []"));
  EXPECT_THAT(message<ShapeError>([&] {
                gather_nd(x, graph.constant(indices_of({0, 0, 0})));
              }),
              HasSubstr("indices [3] name 3 axes, but [2,3] has 2"));
  EXPECT_THAT(message<TypeError>([&] { gather_nd(x, x); }),
              HasSubstr("indices must be int32 or int64, got float64[2,3]"));
  EXPECT_EQ(graph.size(), size + 2);  // the constants
}

TEST(Index, RowsOfIndicesFollowOtherShapes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}}), i = graph.input("i", {i64, {1, 2}});
  const Value slope = gradient(sum(square(gather_nd(x, i))), x);
  const std::vector<Retyped> larger{{x, {f64, {2, 4}}}, {i, {i64, {3, 2}}}};
  const Rewritten other = replay(graph, larger);
  const Tensor values({2, 4}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor rows({3, 2}, std::vector<std::int64_t>{1, -1, 0, 1, -1, 3});
  const Tensor result =
      evaluate(other.mapping(slope), {{other.mapping(x), values}, {other.mapping(i), rows}});
  EXPECT_THAT(result.to_vector<double>(), ElementsAre(0, 4, 0, 0, 0, 0, 0, 32));
}

TEST(Index, RepeatedIndicesAddInTheirOrder) {
  Graph graph;
  // 1 is lost beside 1e16 unless that is subtracted first.
  const Value x = graph.constant(Tensor::of({0.0})), i = graph.constant(indices_of({0, -1, 0}));
  const auto added = [&](const Tensor& values, auto add) {
    return evaluate(add(x, i, graph.constant(values), 0)).at(0);
  };
  for (const auto add : {scatter_add, add_along_axis}) {
    EXPECT_EQ(added(Tensor::of({1e16, -1e16, 1.0}), add), 1);
    EXPECT_EQ(added(Tensor::of({1.0, 1e16, -1e16}), add), 0);
  }
}

TEST(Index, AddsLongSlicesInTheSameOrderOnAnyNumberOfThreads) {
  Graph graph;
  Rng rng(3);
  const Value x = graph.constant(rng.normal({50, 200}, 0, 1, f32));
  const Tensor indices = rng.integers({4000}, -50, 50), values = rng.normal({4000, 200}, 0, 1, f32);
  const Value y = scatter_add(x, graph.constant(indices), graph.constant(values), 0);
  std::vector<float> wanted = evaluate(x).to_vector<float>();
  const auto at = indices.to_vector<std::int64_t>();
  const auto from = values.to_vector<float>();
  for (std::size_t k = 0; k < at.size(); ++k)
    for (std::size_t j = 0; j < 200; ++j)
      wanted[static_cast<std::size_t>(at[k] < 0 ? at[k] + 50 : at[k]) * 200 + j] +=
          from[k * 200 + j];
  for (const InstructionSet set : {InstructionSet::plain, best_instruction_set()})
    for (const int threads : {1, 2, 8}) {
      Runtime runtime({.threads = threads, .instruction_set = set});
      const Tensor got = compile({y}, {.threads = threads, .runtime = &runtime})()[0];
      EXPECT_TRUE(same_bits(got, Tensor({50, 200}, wanted))) << threads;
    }
}

/// So many that those to come are asked for ahead, in slices of several sizes.
TEST(Index, TakesManySlicesOfSeveralBlocks) {
  Rng rng(4);
  for (const std::int64_t size : {3, 65, 3000})
    for (const DType dtype : {f32, f64}) {
      Graph graph;
      const std::int64_t count = (1 << 19) / size + 10;
      const Tensor x = rng.integers({2, 70, size}, -1000, 1000);
      const Tensor indices = rng.integers({count}, -70, 70);
      const auto from = x.to_vector<std::int64_t>(), at = indices.to_vector<std::int64_t>();
      std::vector<std::int64_t> wanted;
      for (std::int64_t block = 0; block < 2; ++block)
        for (const std::int64_t i : at) {
          const auto slice = from.begin() + (block * 70 + (i < 0 ? i + 70 : i)) * size;
          wanted.insert(wanted.end(), slice, slice + size);
        }
      const Value y = take(graph.constant(x.cast(dtype)), graph.constant(indices), 1);
      for (const int threads : {1, 3}) {
        Runtime runtime({.threads = threads});
        const Tensor got = compile({y}, {.threads = threads, .runtime = &runtime})()[0];
        EXPECT_TRUE(same_bits(got, Tensor({2, count, size}, wanted).cast(dtype))) << size;
      }
    }
}

TEST(Index, TheLastValueWins) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor::of({1.0, 2.0, 3.0}));
  const Value v = graph.parameter("v", Tensor::of({4.0, 5.0, 6.0}));
  const Value i = graph.constant(indices_of({2, 0, -1}));
  for (const auto put : {scatter, put_along_axis}) {
    const Value y = put(x, i, v, 0);
    const auto slopes = gradient(y, {x, v}, {.seed = graph.constant(Tensor::of({7.0, 8.0, 9.0}))});
    EXPECT_THAT(evaluate(y).to_vector<double>(), ElementsAre(5, 2, 6));
    EXPECT_THAT(evaluate(slopes[0]).to_vector<double>(), ElementsAre(0, 8, 0));
    EXPECT_THAT(evaluate(slopes[1]).to_vector<double>(), ElementsAre(0, 7, 9));
  }
}

TEST(Index, OverwritesItsOperandOnlyIfNothingElseReadsIt) {
  Graph graph;
  const Value x = test::fresh(graph.constant(Tensor::of({1.0, 2.0, 3.0})));
  const Value i = graph.constant(indices_of({2, 1, 0}));
  EXPECT_THAT(evaluate(scatter(x, i, x, 0)).to_vector<double>(), ElementsAre(3, 2, 1));
  EXPECT_THAT(evaluate(scatter_add(x, i, x, 0)).to_vector<double>(), ElementsAre(4, 4, 4));
}

TEST(Index, PlainNumbersAreValues) {
  Graph graph;
  const Value x = graph.constant(Tensor::of({1.0F, 2.0F, 3.0F}));
  const Value i = graph.constant(indices_of({0, 0, 2}));
  EXPECT_THAT(evaluate(scatter(x, i, 0.5, 0)).to_vector<float>(), ElementsAre(0.5F, 2, 0.5F));
  EXPECT_THAT(evaluate(scatter_add(x, i, 1, 0)).to_vector<float>(), ElementsAre(3, 2, 4));
}

TEST(Index, GradientsFollowOtherShapes) {
  Graph graph;
  const Value table = graph.input("table", {f64, {4, 3}}), i = graph.input("i", {i64, {2}});
  const Value slope = gradient(sum(square(embedding(table, i))), table);
  const std::vector<Retyped> smaller{{table, {f64, {2, 1}}}, {i, {i64, {3}}}};
  const Rewritten other = replay(graph, smaller);
  const Tensor result =
      evaluate(other.mapping(slope), {{other.mapping(table), Tensor::of({{1.0}, {2.0}})},
                                      {other.mapping(i), indices_of({1, 1, 0})}});
  EXPECT_EQ(result.shape(), (Shape{2, 1}));
  EXPECT_THAT(result.to_vector<double>(), ElementsAre(2, 8));
}

}  // namespace
}  // namespace dagrad
