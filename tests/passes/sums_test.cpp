// Sums over the rows or columns of matrix products, which become sums of a matrix.

#include "dagrad/passes/sums.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/passes/count.hpp"
#include "tests/passes/fused.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<Pass> early() { return {{"sum_early", sum_early}}; }

/// Whether the pass replaces all products that the value needs.
bool sums_early(const Graph& graph, const Value& value) {
  const std::vector<Value> values{value};
  const PassResult made = sum_early(graph, values);
  const PassResult left = drop_dead(made.graph, made.mapping(values));
  return count(left.graph, "summed_product") > 0 && count(left.graph, "matmul") == 0;
}

class SumEarly : public ::testing::Test {
 protected:
  Value input(const std::string& name, const Shape& shape, DType dtype = f64) {
    const Value value = graph.input(name, {dtype, shape});
    feeds.push_back({value, Rng(std::ssize(feeds) + 1).normal(shape, 0, 1, dtype)});
    return value;
  }
  /// Expects that the value becomes a sum of a matrix, and nearly the same elements: all within
  /// `tolerance`, with this pass alone and with all, and the same bits on any number of threads.
  void expect_early(const Value& value, double tolerance = 1e-11) {
    EXPECT_TRUE(sums_early(graph, value));
    expect_near(value, tolerance);
  }
  void expect_near(const Value& value, double tolerance = 1e-11) {
    const Tensor wanted = compile({value}, {.passes = {}})(feeds)[0];
    for (const std::vector<Pass>& passes : {early(), compile_passes()}) {
      const Tensor got = compile({value}, {.threads = 1, .passes = passes})(feeds)[0];
      EXPECT_TENSOR_NEAR(got, wanted, tolerance);
      Runtime runtime({.threads = 3});
      EXPECT_TENSOR_SAME(compile({value}, {.runtime = &runtime, .passes = passes})(feeds)[0], got);
    }
  }
  void expect_late(const Value& value) {
    EXPECT_FALSE(sums_early(graph, value));
    expect_near(value);
  }
  void set(std::size_t feed, std::initializer_list<std::pair<std::size_t, double>> elements) {
    std::vector<double> all = feeds[feed].tensor.to_vector<double>();
    for (const auto& [at, number] : elements) all[at] = number;
    feeds[feed].tensor = Tensor(feeds[feed].tensor.shape(), all);
  }

  Graph graph;
  Feeds feeds;
  Value a = input("a", {40, 12}), b = input("b", {12, 30}), ab = matmul(a, b);
};

TEST_F(SumEarly, OfRows) {
  expect_early(sum(ab, 0));
  expect_early(sum(ab, 0, true));
}

TEST_F(SumEarly, OfColumns) {
  expect_early(sum(ab, 1));
  expect_early(sum(ab, -1, true));
}

TEST_F(SumEarly, OfAllElements) {
  expect_early(sum(ab));
  expect_early(sum(ab, {0, 1}, true));
}

TEST_F(SumEarly, OfTransposedMatrices) {
  const Value at = input("at", {12, 40}), bt = input("bt", {30, 12});
  for (const Value& product :
       {matmul(transpose(at), b), matmul(a, transpose(bt)), matmul(transpose(at), transpose(bt))}) {
    expect_early(sum(product, 0));
    expect_early(sum(product, 1));
  }
}

TEST_F(SumEarly, OfBatches) {
  const Value left = input("left", {5, 20, 12}), right = input("right", {5, 12, 30});
  for (const Value& product : {matmul(left, right), matmul(left, b), matmul(a, right)}) {
    expect_early(sum(product, 1));
    expect_early(sum(product, 2));
    expect_early(sum(product, {0, 1}));
    expect_early(sum(product, {0, 2}, true));
    expect_early(sum(product, {1, 2}));
    expect_early(sum(product));
    expect_late(sum(product, 0));
  }
  const Value outer = input("outer", {3, 1, 20, 12});
  expect_early(sum(matmul(outer, right), 2));
  expect_early(sum(matmul(outer, right), {0, 3}));
}

TEST_F(SumEarly, OfFloat32) {
  const Value x = input("x", {200, 30}, f32), y = input("y", {30, 10}, f32);
  expect_early(sum(matmul(x, y), 0), 1e-3);
  expect_early(sum(matmul(x, y), 1), 1e-4);
}

TEST_F(SumEarly, OfNegatedProducts) {
  expect_early(sum(-ab, 0));
  expect_early(sum(-(-ab), 1));
}

TEST_F(SumEarly, KnowsAllNodesThatItReplaces) {
  const Value y = sum(-ab, {0, 1});
  const Graph early = sum_early(graph, std::vector{y}).graph;
  ASSERT_EQ(count(early, "summed_product"), 1u);
  for (const Node& node : early.nodes())
    if (node.kind() == NodeKind::op && node.op().name() == "summed_product") {
      EXPECT_EQ(origins_of(node.output()), (Names{"matmul", "neg", "sum"}));
    }
}

TEST_F(SumEarly, InTheGradientOfWhatRepeats) {
  const Value mean = input("mean", {12}), scale = input("scale", {30});
  const Value loss = sum(square(matmul(a - mean, b) * scale));
  expect_early(sum_to_like(ab, input("row", {1, 30})));
  expect_early(sum_to_like(ab, input("column", {40, 1})));
  expect_early(sum_to_like(matmul(input("left", {5, 20, 12}), b), scale));
  const Value slope = gradient(loss, mean);
  EXPECT_EQ(count(sum_early(graph, std::vector{slope}).graph, "summed_product"), 1u);
  expect_near(slope, 1e-9);
}

TEST_F(SumEarly, UnlessSomethingElseNeedsTheProduct) {
  const std::vector<Value> both{sum(ab, 0), square(ab)};
  EXPECT_EQ(count(sum_early(graph, both).graph, "summed_product"), 0u);
  const std::vector<Value> kept{sum(ab, 0), ab};
  EXPECT_EQ(count(sum_early(graph, kept).graph, "summed_product"), 0u);
  const Value minus = -ab;
  const std::vector<Value> negated{sum(minus, 0), exp(minus)};
  EXPECT_EQ(count(sum_early(graph, negated).graph, "summed_product"), 0u);
}

TEST_F(SumEarly, UnlessItDoesNotPay) {
  const Value x = input("x", {3, 2}), y = input("y", {2, 3});
  expect_late(sum(matmul(x, y), 0));                                           // small
  expect_late(sum(matmul(input("row", {1, 500}), input("z", {500, 40})), 0));  // a single row
  expect_late(sum(matmul(a, input("v", {12})), 0));                            // a vector
  expect_late(sum(square(ab), 0));
  expect_late(mean(ab, 0));
  const Value i = graph.input("i", {i64, {40, 12}}), j = graph.input("j", {i64, {12, 30}});
  EXPECT_FALSE(sums_early(graph, sum(matmul(i, j), 0)));
}

TEST_F(SumEarly, OfNoElements) {
  for (const auto& [left, right] : std::vector<std::pair<Shape, Shape>>{
           {{0, 12}, {12, 30}}, {{40, 0}, {0, 30}}, {{40, 12}, {12, 0}}}) {
    const std::string number = std::to_string(feeds.size());
    const Value none = matmul(input("left" + number, left), input("right" + number, right));
    expect_late(sum(none, 0));
    expect_late(sum(none, 1));
  }
}

// ---- results that a sum of a matrix would spoil

TEST_F(SumEarly, WhereTheSumOfAMatrixOverflows) {
  set(0, {{0, 1.5e308}, {12, 1.5e308}, {25, -1.2e308}, {37, -1.3e308}});
  std::vector<double> small(12 * 30, 1e-10);
  feeds[1].tensor = Tensor(Shape{12, 30}, small);
  const Value total = sum(ab, 0);
  EXPECT_TRUE(sums_early(graph, total));
  const Tensor got = compile({total})(feeds)[0];
  EXPECT_TENSOR_NEAR(got, Tensor::full({f64, {30}}, 0.5e298), 1e286);
}

TEST_F(SumEarly, WhereTheSumOfColumnsOverflows) {
  set(1, {{0, 1.5e308}, {1, 1.5e308}, {31, -1.2e308}});
  feeds[0].tensor = Tensor::full({f64, {40, 12}}, 1e-10);
  const Value total = sum(ab, 1);
  EXPECT_TRUE(sums_early(graph, total));
  EXPECT_TENSOR_NEAR(compile({total})(feeds)[0], Tensor::full({f64, {40}}, 1.8e298), 1e286);
}

TEST_F(SumEarly, KeepsInfinitiesAndNaN) {
  set(0, {{3, infinity}, {100, nan}});
  set(1, {{0, -infinity}, {31, infinity}, {33, 0}});
  for (const int axis : {0, 1}) {
    const Value total = sum(ab, axis);
    const Tensor wanted = compile({total}, {.passes = {}})(feeds)[0];
    const Tensor got = compile({total}, {.passes = early()})(feeds)[0];
    const auto w = wanted.values<double>(), g = got.values<double>();
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (std::isfinite(w[i]))
        EXPECT_NEAR(g[i], w[i], 1e-11);
      else
        EXPECT_TRUE(std::isnan(w[i]) ? std::isnan(g[i]) : g[i] == w[i]) << axis << ": " << i;
    }
  }
}

TEST_F(SumEarly, OfAnInfinityTimesWhatCancels) {  // the sum of a's column is finite and not 0
  feeds[0].tensor = Tensor::full({f64, {40, 12}}, 1);
  set(0, {{0, -0.5}});
  set(1, {{0, infinity}});
  const Tensor got = compile({sum(ab, 0)}, {.passes = early()})(feeds)[0];
  EXPECT_TRUE(std::isnan(got.values<double>()[0]));  // infinity - infinity
  EXPECT_TRUE(std::isfinite(got.values<double>()[1]));
}

TEST_F(SumEarly, NamesTheNodeThatIsNotFinite) {
  set(0, {{0, 1e200}});
  set(1, {{0, 1e200}});
  const Function f =
      compile({sum(ab, 0).named("total")}, {.check_finite = true, .passes = early()});
  const std::string text = thrown<RunError>([&] { (void)f(feeds); });
  EXPECT_NE(text.find("node 'total', made at"), std::string::npos) << text;
}

// ---- accuracy, and tiles

TEST(SummedProduct, HasSmallErrors) {
  Rng rng(7);
  for (int i = 0; i < 60; ++i) {
    const std::int64_t m = 1 + i * 7 % 90, k = 20 + i * 5 % 70, n = 40 - i % 30;
    Graph own;
    const Value x = own.input("x", {f32, {m, k}}), y = own.input("y", {f32, {k, n}});
    const Tensor tx = rng.normal({m, k}, 0, 1, f32), ty = rng.normal({k, n}, 0, 1, f32);
    for (const int axis : {0, 1}) {
      const Value total = sum(matmul(x, y), axis);
      const Tensor got = compile({total}, {.passes = early()})({{x, tx}, {y, ty}})[0];
      const auto a = tx.values<float>(), b = ty.values<float>(), c = got.values<float>();
      for (std::int64_t at = 0; at < std::ssize(c); ++at) {
        double exact = 0, magnitude = 0;
        for (std::int64_t s = 0; s < (axis == 0 ? m : n); ++s) {
          const std::int64_t row = axis == 0 ? s : at, column = axis == 0 ? at : s;
          for (std::int64_t l = 0; l < k; ++l) {
            const double term = double{a[static_cast<std::size_t>(row * k + l)]} *
                                double{b[static_cast<std::size_t>(l * n + column)]};
            exact += term;
            magnitude += std::abs(term);
          }
        }
        const double bound = magnitude * 0x1p-24 * (10 + static_cast<double>(k));
        EXPECT_NEAR(c[static_cast<std::size_t>(at)], exact, bound);
      }
    }
  }
}

TEST_F(SumEarly, InTiles) {  // of batches that leave the cache together
  const Value x = input("x", {60, 500, 16}), w = input("w", {60, 16, 16}), shift = input("s", {16});
  const Value hidden = tanh(matmul(x - shift, w));
  const Value slope = gradient(sum(square(hidden)), shift);
  std::vector<Pass> untiled = compile_passes();
  std::erase_if(untiled, [](const Pass& pass) { return pass.name == "tile_rows"; });
  EXPECT_EQ(count(optimize(graph, slope, compile_passes()).graph, "summed_product"), 0u);
  EXPECT_TENSOR_SAME(compile({slope})(feeds)[0], compile({slope}, {.passes = untiled})(feeds)[0]);
  expect_near(slope, 1e-8);
}

TEST(SummedProduct, RefusesWhatCannotBeMultiplied) {
  Graph graph;
  const Value a = graph.input("a", {f64, {3, 4}}), v = graph.input("v", {f64, {4}});
  const Value f = graph.input("f", {f32, {4, 2}});
  const auto text = [](auto call) { return thrown<Error>(call); };
  EXPECT_NE(text([&] {
              apply(SummedProduct{}, {a, v});
            }).find("needs two matrices, got [4]"),
            std::string::npos);
  EXPECT_NE(text([&] {
              apply(SummedProduct{}, {a, a});
            }).find("inner dimensions differ"),
            std::string::npos);
  EXPECT_NE(text([&] { apply(SummedProduct{}, {a, f}); }).find("do not mix"), std::string::npos);
}

}  // namespace
}  // namespace dagrad
