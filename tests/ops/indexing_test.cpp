#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/ops/support.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

class Indexing : public ::testing::Test {
 protected:
  /// Whether a part of x has the value that the same part of its tensor has.
  void expect_part(const Indices& indices) {
    EXPECT_TENSOR_SAME(evaluate(x[indices]), tensor[indices]);
  }
  Graph graph;
  const Tensor tensor = Rng(1).normal({4, 3, 5});
  const Value x = graph.parameter("x", tensor);
};

TEST_F(Indexing, ReadsLikeAnArray) {
  expect_part(0);
  expect_part(-1);
  expect_part({1, -3});
  expect_part({-4, 2, 4});
  expect_part(Range{1, 3});
  expect_part({{1, 3}, {.step = -1}});
  expect_part({Range{.begin = -2}, 1});
  expect_part({{}, 2});
  expect_part({{}, {}, 2});
  expect_part(Range{2, 2});
  EXPECT_TENSOR_SAME(evaluate(x[{.begin = 1}]), (tensor[{.begin = 1}]));
  EXPECT_EQ((x[{.end = -1}].shape()), (Shape{3, 3, 5}));
  EXPECT_EQ(x[0].shape(), (Shape{3, 5}));
  EXPECT_EQ((x[{0, 1, 2}].shape()), Shape());
  EXPECT_EQ(x[{{.end = -1}}].shape(), (Shape{3, 3, 5}));
}

TEST_F(Indexing, AgreesWithSlice) {
  EXPECT_TENSOR_SAME(evaluate(x[{{1, 3}, {0, 2}}]), evaluate(slice(x, {{1, 3}, {0, 2}})));
}

TEST_F(Indexing, HasAGradient) {
  EXPECT_GRADIENT(sum(square(x[{-1, Range{.step = 2}}])) + x[{0, 0, 0}], x);
}

TEST_F(Indexing, SaysWhatDoesNotFit) {
  const std::size_t nodes = graph.size();
  EXPECT_THROWS_HERE(x[4], ArgumentError,
                     "x[...]: position 4 is outside [-4, 4) of axis 0 of [4,3,5]");
  EXPECT_THROWS_HERE((x[{0, 0, 0, 0}]), ShapeError, "x[...]: 4 indices for the 3 axes of [4,3,5]");
  EXPECT_THROWS(Value()[0], GraphError, test::message<GraphError>([] { Value().type(); }));
  EXPECT_EQ(graph.size(), nodes);
}

// A negative position counts from the end of whatever a replay brings.
TEST_F(Indexing, FollowsAReplay) {
  Graph small;
  const Value in = small.input("in", {f64, {2, 3}});
  const Value last = in[-1], first = in[0];
  const Rewritten larger = replay(small, std::vector{Retyped{in, {f64, {4, 3}}}});
  const Tensor t = Rng(2).normal({4, 3});
  const auto results =
      evaluate(std::vector{larger.mapping(last), larger.mapping(first)}, {{larger.mapping(in), t}});
  EXPECT_TENSOR_SAME(results[0], t[3]);
  EXPECT_TENSOR_SAME(results[1], t[0]);
}

TEST_F(Indexing, AxesAreOneSeveralOrNegative) {
  const std::vector<std::int64_t> list{0, 2};
  const auto same = [](const Value& a, const Value& b) {
    EXPECT_TENSOR_SAME(evaluate(a), evaluate(b));
  };
  same(flip(x, 1), flip(x, {-2}));
  same(flip(x, list), flip(x, {0, -1}));
  same(flip(x), flip(x, Axes()));
  same(sum(x, std::span<const std::int64_t>(list)), sum(x, {0, 2}));
  same(transpose(x, {-1, 0, 1}), transpose(x, std::vector<std::int64_t>{2, 0, 1}));
  same(transpose(x, Axes()), transpose(x));
  same(roll(x, 2, -1), roll(x, 2, 2));
  same(roll(x, 1, {0, 1}), roll(x, {1, 1}, {0, 1}));
  same(roll(x, 1, Axes()), roll(x, {1, 1, 1}, {0, 1, 2}));
  EXPECT_EQ(unsqueeze(x, -1).shape(), (Shape{4, 3, 5, 1}));
  EXPECT_EQ(unsqueeze(x, {0, -1}).shape(), (Shape{1, 4, 3, 5, 1}));
  EXPECT_EQ(squeeze(unsqueeze(x, 0), 0).shape(), x.shape());
  EXPECT_EQ(squeeze(unsqueeze(x, {0, 1}), {0, 1}).shape(), x.shape());
  EXPECT_EQ(squeeze(unsqueeze(x, {0, 1}), Axes()).shape(), x.shape());
}

// Parts of a tensor start and end anywhere in its memory: runs read them and leave the rest alone.
TEST_F(Indexing, PartsOfTensorsAreFedUsedAndUpdated) {
  const auto results_with = [&](const Tensor& a, const Tensor& b, const Tensor& c) {
    Graph g;
    const Value in = g.input("in", a.type()), p = g.parameter("p", b), k = g.constant(c);
    const Function f = compile({tanh(in) * k, exp(p)}, {.update = {{p, p + in}}});
    State state(g);
    state.set(p, b);
    std::vector<Tensor> results;
    for (int run = 0; run < 4; ++run)
      for (Tensor& result : f(state, {{in, a}})) results.push_back(std::move(result));
    results.push_back(state.get(p));
    return results;
  };
  const Tensor whole = Rng(3).normal({40}, 0, 1, f32),
               before = Tensor(whole.shape(), whole.values<float>());
  const auto copied = [](const Tensor& part) { return Tensor(part.shape(), part.values<float>()); };
  for (const std::int64_t size : {1, 3, 16, 17}) {
    const Tensor a = whole[Range{0, size}], b = whole[Range{5, 5 + size}], c = whole[Range{-size}];
    const auto parts = results_with(a, b, c);
    const auto copies = results_with(copied(a), copied(b), copied(c));
    for (std::size_t i = 0; i < parts.size(); ++i) EXPECT_TENSOR_SAME(parts[i], copies[i]);
    EXPECT_TENSOR_SAME(whole, before);
  }
}

TEST_F(Indexing, ConstantsTakeLists) {
  const auto expect = [](const Value& value, const Tensor& wanted) {
    EXPECT_TENSOR_SAME(value.node().tensor(), wanted);
  };
  const std::vector<double> vector{1, 2};
  expect(graph.constant({1.0, 2.0}), Tensor::of({1.0, 2.0}));
  expect(graph.constant({1.5F}), Tensor::of({1.5F}));
  expect(graph.constant({{1, 2}, {3, 4}}), Tensor::of({{1, 2}, {3, 4}}));
  expect(graph.constant({{{1, 2}}}), Tensor({1, 1, 2}, {1, 2}));
  expect(graph.constant({{{{1}, {2}}}}), Tensor({1, 1, 2, 1}, {1, 2}));
  expect(graph.constant(vector), Tensor::of({1.0, 2.0}));
  expect(graph.constant(std::span(vector)), Tensor::of({1.0, 2.0}));
  expect(graph.constant(std::vector{vector, vector}), Tensor::of({{1.0, 2.0}, {1.0, 2.0}}));
  expect(graph.constant(2.0), Tensor(2.0));
}

}  // namespace
}  // namespace dagrad
