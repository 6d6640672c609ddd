// Elementwise nodes that follow a matrix product part by part.

#include "dagrad/passes/epilogues.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/passes/count.hpp"
#include "tests/sanitized.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

constexpr std::string_view joined = "matmul_with_epilogue";

std::size_t count_joined(const Graph& graph, const std::vector<Value>& values) {
  return count(fuse_epilogues(graph, values).graph, joined);
}

std::vector<Pass> alone() { return {Pass("fuse_epilogues", fuse_epilogues, true)}; }
std::vector<Pass> after_fusion() {
  return {Pass("fuse", fuse, true), Pass("fuse_epilogues", fuse_epilogues, true)};
}

/// Expects the same bits as without passes, on any number of threads and instruction set, with this
/// pass alone and after fusion.
void expect_same_bits(const std::vector<Value>& values, const Feeds& feeds) {
  for (const auto set : {InstructionSet::plain, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!available(set)) continue;
    for (const int threads : {1, 3}) {
      Runtime runtime({.threads = threads, .instruction_set = set});
      const std::vector<Tensor> wanted =
          compile(values, {.runtime = &runtime, .passes = {}})(feeds);
      for (const std::vector<Pass>& passes : {alone(), after_fusion()}) {
        const auto got = compile(values, {.runtime = &runtime, .passes = passes})(feeds);
        for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_TENSOR_SAME(got[i], wanted[i]);
      }
    }
  }
}

class FuseEpilogues : public ::testing::Test {
 protected:
  Value input(const std::string& name, const Shape& shape, DType dtype = f32) {
    const Value value = graph.input(name, {dtype, shape});
    feeds.push_back({value, Rng(std::ssize(feeds) + 1).normal(shape, 0, 1, dtype)});
    return value;
  }
  void set_x(std::size_t at, float number) {
    std::vector<float> elements = feeds[0].tensor.to_vector<float>();
    elements[at] = number;
    feeds[0].tensor = Tensor(x.shape(), elements);
  }

  Graph graph;
  Feeds feeds;
  Value x = input("x", {120, 70}), w = input("w", {70, 150}), xw = matmul(x, w);
};

TEST_F(FuseEpilogues, OfABiasAndAnActivation) {
  const Value z = xw + input("bias", {150});
  EXPECT_EQ(count_joined(graph, {z}), 1u);
  expect_same_bits({z}, feeds);
  const Value y = relu(z);
  EXPECT_EQ(count(optimize(graph, y, after_fusion()).graph, "matmul"), 0u);
  expect_same_bits({y, tanh(z)}, feeds);
}

TEST_F(FuseEpilogues, OfWhatBroadcasts) {
  expect_same_bits({xw * input("column", {120, 1})}, feeds);
  expect_same_bits({xw * input("one", {1, 1}) + 2.0}, feeds);
  expect_same_bits({xw - input("scalar", {})}, feeds);
  expect_same_bits({apply(Mul{}, {input("residual", {120, 150}), xw})}, feeds);
}

TEST_F(FuseEpilogues, OfWideProducts) {  // computed in several panels of columns and blocks of k
  const Value a = input("a", {260, 300}), b = input("b", {300, 1100});
  const Value y = matmul(a, b) * 0.5 + input("bias", {1100});
  EXPECT_EQ(count_joined(graph, {y}), 1u);
  expect_same_bits({y}, feeds);
  expect_same_bits({matmul(a, b) + input("column", {260, 1})}, feeds);
  expect_same_bits(
      {sigmoid(matmul(input("wide", {100, 600}, f64), input("high", {600, 700}, f64)))}, feeds);
}

TEST_F(FuseEpilogues, OfTransposedMatrices) {
  const Value a = input("a", {90, 120}), b = input("b", {110, 90}), c = input("c", {120, 90});
  const std::vector<Value> products{matmul(transpose(a), transpose(b)) + 1.0,
                                    matmul(c, transpose(b)) * 2.0,
                                    exp(matmul(transpose(a), transpose(b)))};
  expect_same_bits(products, feeds);
}

TEST_F(FuseEpilogues, OfBatches) {
  const Value a = input("a", {4, 60, 30}), b = input("b", {4, 30, 80}), same = input("c", {30, 80});
  const Value of_each = matmul(a, b) * 0.125 + input("mask", {60, 80});
  const Value of_all = relu(matmul(a, same) + input("bias", {80}));
  EXPECT_EQ(count_joined(graph, {of_each}), 1u);
  expect_same_bits({of_each, of_all, matmul(a, b) + input("of_each", {4, 1, 1})}, feeds);
  const Value outer = input("outer", {3, 1, 60, 30});
  expect_same_bits({matmul(outer, b) - input("inner", {4, 60, 80})}, feeds);
}

TEST_F(FuseEpilogues, WithSeveralResults) {
  const Value z = xw + input("bias", {150});
  const std::vector<Value> both{tanh(z), z > 0, z};
  const PassResult fused = fuse(graph, both);
  EXPECT_EQ(count_joined(fused.graph, fused.mapping(both)), 1u);
  expect_same_bits(both, feeds);
}

TEST_F(FuseEpilogues, OfAProductThatIsUsedTwice) {
  const Value y = xw * xw;
  EXPECT_EQ(count_joined(graph, {y}), 1u) << "by one node";
  expect_same_bits({y}, feeds);
}

TEST_F(FuseEpilogues, OfTwoProductsKeepOne) {
  const Value y = xw * matmul(x + 1.0, w);
  EXPECT_EQ(count_joined(graph, {y}), 1u);
  EXPECT_EQ(count(fuse_epilogues(graph, std::vector{y}).graph, "matmul"), 1u);
  expect_same_bits({y}, feeds);
}

TEST_F(FuseEpilogues, ReadFactorsOfTheProduct) {
  const Value square = input("square", {100, 100});
  const Value y = square - 0.1 * matmul(square, square);
  expect_same_bits({y, matmul(square, square) + transpose(square)}, feeds);
}

TEST_F(FuseEpilogues, KeepNaNAndInfinity) {
  set_x(5, std::numeric_limits<float>::quiet_NaN());
  set_x(700, std::numeric_limits<float>::infinity());
  expect_same_bits({relu(xw), maximum(xw, 0.0)}, feeds);
}

TEST_F(FuseEpilogues, OfUpdates) {
  const Value weight = graph.parameter("weight", Rng(7).normal({70, 150}, 0, 1, f32));
  const Value slow = graph.parameter("slow", Tensor(Type{f32, {70, 150}}));
  const Value loss = sum(tanh(matmul(x, weight)));
  const Value gradient_of = gradient(loss, weight);
  const Value next_slow = 0.9 * slow + gradient_of;
  const std::vector<Update> updates{{slow, next_slow}, {weight, weight - 0.01 * next_slow}};
  std::vector<State> states;
  for (const std::vector<Pass>& passes : {std::vector<Pass>{}, after_fusion()}) {
    State& state = states.emplace_back(graph);
    const Function train = compile({loss}, {.update = updates, .passes = passes});
    for (int step = 0; step < 3; ++step) train(state, feeds);
    EXPECT_EQ(train.text().find(joined) != std::string::npos, !passes.empty());
  }
  EXPECT_TENSOR_SAME(states[1].get(weight), states[0].get(weight));
  EXPECT_TENSOR_SAME(states[1].get(slow), states[0].get(slow));
}

TEST_F(FuseEpilogues, LeaveTheRestAlone) {
  EXPECT_EQ(count_joined(graph, {xw + 1.0, xw}), 0u) << "the product is requested";
  EXPECT_EQ(count_joined(graph, {xw + 1.0, exp(xw)}), 0u) << "two nodes need it";
  EXPECT_EQ(count_joined(graph, {sum(xw)}), 0u) << "not elementwise";
  EXPECT_EQ(count_joined(graph, {xw > 0}), 0u) << "another dtype";
  EXPECT_EQ(count_joined(graph, {xw + input("batch", {2, 1, 150})}), 0u) << "another shape";
  EXPECT_EQ(count_joined(graph, {matmul(input("a", {8, 3}), input("b", {3, 9})) + 1.0}), 0u)
      << "small";
  EXPECT_EQ(count_joined(graph, {matmul(x, input("thin", {70, 4})) + 1.0}), 0u) << "narrow";
  EXPECT_EQ(count_joined(graph, {matmul(input("long", {9000, 5}), input("v", {5})) + 1.0}), 0u)
      << "a vector";
  const Value n = graph.input("n", {i32, {100, 100}});
  EXPECT_EQ(count_joined(graph, {matmul(n, n) + 1}), 0u) << "integers";
}

TEST_F(FuseEpilogues, OfWhatOnlyTheTypeIsUsedElsewhere) {
  const Value y = xw + 1.0, ones = ones_like(xw);
  EXPECT_EQ(count_joined(graph, {y, ones}), 1u);
  expect_same_bits({y, ones}, feeds);
}

TEST_F(FuseEpilogues, StandWhereTheProductStood) {
  const Value after = exp(sum(x)), y = relu(xw);
  const Graph made = fuse_epilogues(graph, std::vector{after, y}).graph;
  EXPECT_EQ(made.nodes().back().op().name(), "exp") << made;
  const Graph needs_it = fuse_epilogues(graph, std::vector{xw + after}).graph;
  EXPECT_EQ(needs_it.nodes().back().op().name(), joined) << needs_it;
}

TEST_F(FuseEpilogues, AreNamedAfterTheirLastNode) {
  const Value y = relu(xw).named("hidden");
  const Graph made = fuse_epilogues(graph, std::vector{y}).graph;
  const Node node = made.nodes().back();
  EXPECT_EQ(node.name(), "hidden");
  EXPECT_EQ(node.origins().size(), 2u);
}

TEST_F(FuseEpilogues, AreChecked) {
  set_x(5, 1e30F);
  const Value y = (xw * 1e30).named("large");
  const Function f = compile(y, {.check_finite = true, .passes = alone()});
  EXPECT_EQ(f.nodes(), 1u);
  const std::string text = thrown<RunError>([&] { f(feeds); });
  EXPECT_NE(text.find("large"), text.npos) << text;
}

TEST_F(FuseEpilogues, CheckTheirOperands) {
  const Op op =
      fuse_epilogues(graph, std::vector{xw + input("bias", {150})}).graph.nodes().back().op();
  const auto infer = [&](const Type& bias, const Shape& left = {120, 70}) {
    std::vector<Type> out;
    op->infer(std::vector<Type>{{f32, left}, {f32, {70, 150}}, bias}, out);
    return out;
  };
  EXPECT_EQ(infer({f32, {150}}), std::vector(1, Type{f32, {120, 150}}));
  EXPECT_THROWS(infer({f64, {150}}), TypeError,
                "input 1 of the formula must be float32, got float64[150]");
  EXPECT_THROWS(infer({f32, {2, 120, 150}}), ShapeError,
                "the results have the shape [2,120,150], not [120,150] as the product");
  EXPECT_THROWS(infer({f32, {7}}), ShapeError,
                "shapes [120,150] and [7] do not broadcast: 150 against 7 on axis -1");
  EXPECT_THROWS(infer({f32, {150}}, {70}), ShapeError, "needs two matrices, got [70]");
  EXPECT_THROWS(infer({f32, {150}}, {120, 71}), ShapeError,
                "inner dimensions differ: left [120,71] needs 71 rows on the right, got [70,150]");
}

/// A random formula of a product and of operands that broadcast to it.
class RandomEpilogue {
 public:
  RandomEpilogue(Graph& graph, unsigned seed) : graph_(graph), random_(seed) {}

  Value operator()() {
    dtype_ = draw(2) == 0 ? f32 : f64;
    const std::int64_t m = 40 + draw(200), n = 64 + draw(500), k = 1 + draw(300);
    const std::int64_t batch = draw(4) == 0 ? 2 : 1;
    shape_ = batch > 1 ? Shape{batch, m, n} : Shape{m, n};
    const bool flip = draw(2) == 0;
    const Value right = flip ? transpose(values({n, k})) : values({k, n});
    const Value left = draw(2) == 0 ? transpose(values({k, m})) : values({m, k});
    const Value lefts = batch > 1 ? stack({left, left * 0.5}) : left;
    Value y = matmul(lefts, right);
    for (std::int64_t i = 0, steps = 1 + draw(4); i < steps; ++i) y = next(y);
    return y;
  }

 private:
  std::int64_t draw(std::int64_t n) { return static_cast<std::int64_t>(random_()) % n; }
  Value values(const Shape& shape) {
    return graph_.constant(Rng(static_cast<std::int64_t>(random_())).normal(shape, 0, 0.3, dtype_));
  }
  Value next(const Value& y) {
    const std::int64_t m = shape_[shape_.rank() - 2], n = shape_[shape_.rank() - 1];
    switch (draw(7)) {
      case 0:
        return tanh(y);
      case 1:
        return y + values({n});
      case 2:
        return y * values({m, 1});
      case 3:
        return values({m, n}) - y;
      case 4:
        return y * 0.5 + y;
      case 5:
        return where(y > values({1, n}), y, y * 0.1);
      default:
        return maximum(y, values({}));
    }
  }

  Graph& graph_;
  std::mt19937 random_;
  DType dtype_ = f32;
  Shape shape_;
};

TEST(RandomEpilogues, KeepTheirBits) {
  std::size_t found = 0;
  for (unsigned seed = 0; seed < (sanitized ? 8 : 120); ++seed) {
    SCOPED_TRACE(seed);
    Graph graph;
    const Value y = RandomEpilogue(graph, seed)();
    Runtime runtime({.threads = 1 + static_cast<int>(seed % 3)});
    const Tensor wanted = compile(y, {.runtime = &runtime, .passes = {}})()[0];
    for (const std::vector<Pass>& passes : {alone(), after_fusion()})
      ASSERT_TENSOR_SAME(compile(y, {.runtime = &runtime, .passes = passes})()[0], wanted);
    found += count_joined(graph, {y});
  }
  EXPECT_GT(found, sanitized ? 4u : 75u);
}

}  // namespace
}  // namespace dagrad
