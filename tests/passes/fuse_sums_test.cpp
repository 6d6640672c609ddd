// Elementwise nodes whose loops also add up their results.

#include "dagrad/passes/fuse_sums.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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

constexpr std::string_view joined = "formula_with_sums";

std::vector<Pass> alone() { return {Pass("fuse_sums", fuse_sums, true)}; }
std::vector<Pass> after_fusion() {
  return {Pass("fuse", fuse, true), Pass("fuse_sums", fuse_sums, true)};
}
std::vector<Pass> after_default_passes() {
  std::vector<Pass> passes = default_passes();
  for (const Pass& pass : after_fusion()) passes.push_back(pass);
  return passes;
}

/// The nodes that sum elements by themselves.
std::size_t sums_alone(const Graph& graph) {
  return count(graph, "sum") + count(graph, "mean") + count(graph, "sum_to_like");
}

class FuseSums : public ::testing::Test {
 protected:
  Value input(const std::string& name, const Shape& shape, DType dtype = f32) {
    const Value value = graph.input(name, {dtype, shape});
    feeds.push_back({value, Rng(std::ssize(feeds) + 1).uniform(shape, -1, 1, dtype)});
    return value;
  }
  /// Replaces an element of an input of float32.
  void set(std::size_t which, std::size_t at, float number) {
    std::vector<float> elements = feeds[which].tensor.to_vector<float>();
    elements[at] = number;
    feeds[which].tensor = Tensor(feeds[which].tensor.shape(), elements);
  }

  /// Expects the same bits as without passes, on any number of threads and instruction set.
  void expect_same_bits(const std::vector<Value>& values) const {
    for (const auto set : {InstructionSet::plain, InstructionSet::avx2, InstructionSet::avx512}) {
      if (!available(set)) continue;
      for (const int threads : {1, 3}) {
        SCOPED_TRACE(std::string(name(set)) + ", " + std::to_string(threads) + " threads");
        Runtime runtime({.threads = threads, .instruction_set = set});
        const std::vector<Tensor> wanted =
            compile(values, {.runtime = &runtime, .passes = {}})(feeds);
        const Function f = compile(values, {.runtime = &runtime, .passes = after_fusion()});
        for (int run = 0; run < 2; ++run) {
          const std::vector<Tensor> got = f(feeds);
          for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_TENSOR_SAME(got[i], wanted[i]);
        }
      }
    }
  }
  /// Expects one node in whose loop all sums are computed but so many, and the same bits.
  void expect_joined(const std::vector<Value>& values, std::size_t alone = 0) const {
    const Graph made = optimize(graph, values, after_fusion()).graph;
    EXPECT_EQ(count(made, joined), 1u) << made;
    EXPECT_EQ(sums_alone(made), alone) << made;
    expect_same_bits(values);
  }
  /// A formula of so many ops that several vectors are computed at a time.
  static Value long_formula(const Value& x) {
    Value y = x;
    for (int i = 0; i < 9; ++i) y = (y * 0.75 + x) / (1.5 + y * y);
    return y;
  }

  Graph graph;
  Feeds feeds;
};

TEST_F(FuseSums, OverTheLastAxis) {
  const Value x = input("x", {300, 1000});
  expect_joined({sum(x * x, 1)});
  expect_joined({sum(long_formula(x), 1, true)});
  expect_joined({mean(long_formula(x), -1)});
  expect_joined({sum(exp(x) - x, 1), mean(tanh(x), 1, true)});
}

TEST_F(FuseSums, OverSeveralLastAxes) {
  const Value x = input("x", {300, 20, 50});
  expect_joined({sum(x * x, {1, 2})});
  expect_joined({mean(long_formula(x), {1, 2}, true)});
}

TEST_F(FuseSums, OfRowsOfAnyLength) {
  for (const DType dtype : {f32, f64}) {
    for (const std::int64_t length : {128, 129, 159, 160, 255, 256, 301, 1023, 4095}) {
      SCOPED_TRACE(length);
      const Value x = input("x" + std::to_string(feeds.size()), {200'000 / length, length}, dtype);
      expect_joined({sum(long_formula(x), 1), x * 2.0});
    }
  }
}

TEST_F(FuseSums, OverTheFirstAxes) {
  const Value x = input("x", {1003, 200});
  expect_joined({sum(x * x, 0)});
  expect_joined({mean(long_formula(x), 0, true)});
  expect_joined({sum(exp(x), 0), sum(x * 2.0, 0)});
  expect_joined({sum(input("y", {7, 149, 200}) * 0.5, {0, 1})});
  expect_joined({sum(input("z", {501, 3, 200}) * 0.5, 0)});
}

TEST_F(FuseSums, OfAnyNumberOfRows) {
  for (const DType dtype : {f32, f64}) {
    for (const std::int64_t rows : {4, 5, 7, 64, 79, 257, 1026}) {
      SCOPED_TRACE(rows);
      const std::int64_t columns = std::max<std::int64_t>(70, 200'000 / rows);
      const Value x = input("x" + std::to_string(feeds.size()), {rows, columns}, dtype);
      expect_joined({sum(long_formula(x), 0), x + 1.0});
    }
  }
}

TEST_F(FuseSums, OverFirstAndLastAxes) {
  for (const DType dtype : {f32, f64}) {
    const std::string name(dagrad::name(dtype));
    const Value x = input("x" + name, {403, 500}, dtype), row = input("row" + name, {500}, dtype);
    const Value y = long_formula(x + row);
    expect_joined({sum(y, 1), sum(y * row, 0), mean(x * row, 0), y});
  }
}

TEST_F(FuseSums, OfGradientsOfWhatBroadcasts) {
  const Value x = input("x", {500, 400}), row = input("row", {400}), column = input("c", {500, 1});
  const Value y = tanh((x + row) * column);
  const std::vector<Value> gradients = gradient(sum(y), {x, row, column});
  expect_same_bits(gradients);
  const Graph made = optimize(graph, gradients, after_default_passes()).graph;
  EXPECT_EQ(count(made, joined), 1u) << made;
  EXPECT_EQ(sums_alone(made), 0u) << made;
}

TEST_F(FuseSums, OfOperandsThatBroadcast) {
  const Value x = input("x", {300, 500}), row = input("row", {500}), column = input("c", {300, 1}),
              one = input("one", {});
  const Value y = (x - row) * column + one;
  expect_joined({sum(y, 0)});
  expect_joined({sum(y, 1)});
  expect_joined({sum(long_formula(y), 0), sum(y, 1)});
  const Value batch = input("batch", {30, 10, 500}), of_each = input("of_each", {30, 1, 500});
  expect_joined({sum(batch * of_each, 2)});
  expect_same_bits({sum(batch * of_each, {0, 1})});
}

TEST_F(FuseSums, OfOneValueInSeveralWays) {
  const Value x = input("x", {400, 400});
  const Value y = x * 0.5 - 1.0;
  expect_joined({y, sum(y, 0), mean(y, 0), sum(y, 1)});
}

TEST_F(FuseSums, OfMixedTypes) {
  const Value x = input("x", {300, 500}), y = input("y", {300, 500}, f64);
  expect_joined({sum(cast(x, f64) * y, 1)});
  expect_joined({sum(cast(cast(x, f64) * y, f32), 0), y * 2.0});
  const Value n = graph.input("n", {i32, {300, 500}});
  Feeds with_n = feeds;
  with_n.push_back({n, Rng(3).integers({300, 500}, 0, 9, i32)});
  feeds = with_n;
  expect_joined({sum(where(n > 4, x, 0.25), 1)});
}

TEST_F(FuseSums, KeepNaNAndInfinity) {
  const Value x = input("x", {300, 500});
  set(0, 5, std::numeric_limits<float>::quiet_NaN());
  set(0, 1000, std::numeric_limits<float>::infinity());
  set(0, 2001, -std::numeric_limits<float>::infinity());
  set(0, 2002, std::numeric_limits<float>::infinity());
  expect_joined({sum(x * 1.0F + 0.5, 1)});
  expect_joined({sum(long_formula(x), 0), sum(x * 2.0, 1)});
}

TEST_F(FuseSums, KeepTheSignOfZero) {
  const Value x = input("x", {300, 500});
  feeds[0].tensor = Tensor::full(x.type(), -0.0);
  expect_joined({sum(x * 2.0, 1)});
  expect_joined({sum(x * 2.0, 0)});
}

TEST_F(FuseSums, OfTheGradientOfAChainOfUserOps) {
  const auto shifted = elementwise("shifted", [](auto a, auto b) { return a + b; });
  const auto damped = elementwise("damped", [](auto a) { return a / (1 + a * a); });
  const Value x = input("x", {700, 300}), row = input("row", {300});
  const Value y = sum(damped(shifted(x, row)), 1);
  std::vector<Value> values =
      gradient(y, {x, row}, {.seed = graph.constant(Tensor::full(y.type(), 1))});
  values.push_back(y);
  expect_same_bits(values);
  const Graph made = optimize(graph, values, after_default_passes()).graph;
  EXPECT_EQ(count(made, joined), 1u) << made;
  EXPECT_EQ(sums_alone(made), 0u) << made;
}

/// A shape of two or three axes, large enough, and the axes of which some are summed.
struct RandomSums {
  std::mt19937 random;
  explicit RandomSums(unsigned seed) : random(seed) {}

  std::int64_t up_to(std::int64_t n) { return static_cast<std::int64_t>(random()) % n; }
  Shape shape() {
    const std::int64_t last = 60 + up_to(500), middle = up_to(3) == 0 ? 2 + up_to(5) : 1,
                       first = 150'000 / (last * middle) + up_to(5);
    return middle == 1 ? Shape{first, last} : Shape{first, middle, last};
  }
  Shape broadcast(const Shape& shape) {
    std::vector<std::int64_t> dims;
    for (int axis = 0; axis < shape.rank(); ++axis) dims.push_back(up_to(2) == 0 ? shape[axis] : 1);
    return Shape(dims);
  }
  std::vector<std::int64_t> axes(int rank) {
    if (up_to(2) == 0) return {up_to(rank)};
    std::vector<std::int64_t> some;
    for (int axis = static_cast<int>(up_to(2)); axis + 1 < rank; ++axis) some.push_back(axis);
    return some;
  }
  Value formula(const Value& x, const Value& y) {
    Value z = x;
    for (std::int64_t i = up_to(12); i >= 0; --i) {
      const std::int64_t what = up_to(6);
      if (what == 0) z = z * y + 0.5;
      if (what == 1) z = z / (1.5 + x * x);
      if (what == 2) z = where(z > y, x, z - y);
      if (what == 3) z = maximum(z, y) - x;
      if (what == 4) z = tanh(z);
      if (what == 5) z = z - 0.25 * x;
    }
    return z + y;
  }
};

TEST_F(FuseSums, KeepTheBitsOfRandomFormulas) {
  std::size_t made = 0;
  for (unsigned seed = 0; seed < (sanitized ? 12 : 90); ++seed) {
    SCOPED_TRACE(seed);
    RandomSums random(seed);
    const DType dtype = seed % 2 == 0 ? f32 : f64;
    const Shape shape = random.shape();
    const std::string name = std::to_string(seed);
    const Value x = input("x" + name, shape, dtype),
                y = input("y" + name, random.broadcast(shape), dtype);
    const Value a = random.formula(x, y), b = random.formula(x, y);
    const std::vector<Value> values{sum(a, random.axes(shape.rank())),
                                    mean(b, random.axes(shape.rank()), true),
                                    sum(b, random.axes(shape.rank())), a};
    expect_same_bits(values);
    made += count(optimize(graph, values, after_fusion()).graph, joined);
    if (HasFailure()) FAIL() << optimize(graph, values, after_fusion()).graph;
  }
  EXPECT_GT(made, sanitized ? 2u : 25u);
}

TEST_F(FuseSums, LeaveTheRestAlone) {
  const auto made = [&](const std::vector<Value>& values) {
    return count(optimize(graph, values, after_fusion()).graph, joined);
  };
  const Value x = input("x", {400, 500});
  EXPECT_EQ(made({sum(x, 1)}), 0u) << "no formula";
  EXPECT_EQ(made({x * 2.0}), 0u) << "no sum";
  EXPECT_EQ(made({max(x * 2.0, 1)}), 0u) << "no sum";
  EXPECT_EQ(made({sum(input("small", {10, 500}) * 2.0, 1)}), 0u) << "small";
  EXPECT_EQ(made({sum(input("middle", {20, 100, 100}) * 2.0, 1)}), 0u) << "a middle axis";
  EXPECT_EQ(made({sum(input("narrow", {9000, 30}) * 2.0, 0)}), 0u) << "narrow rows are packed";
  EXPECT_EQ(made({sum(input("short", {9000, 30}) * 2.0, 1)}), 0u) << "short rows";
  EXPECT_EQ(made({sum(input("long", {10, 40'000}) * 2.0, 1)}), 0u) << "long rows";
  EXPECT_EQ(made({sum(graph.input("half", {f16, {900, 500}}) * 2.0, 1)}), 0u)
      << "is summed in float32";
  EXPECT_EQ(made({sum(x > 0, 1)}), 0u) << "is summed in int64";
  EXPECT_EQ(made({softmax(x) * 2.0, sum(softmax(x) * 2.0, 1)}), 0u) << "is for tiles";
  EXPECT_EQ(made({softmax(x * 2.0), sum(x * 2.0, 1)}), 0u) << "is for tiles";
  const Value wide = input("wide", {80, 5000}) * 2.0;  // its columns are divided
  EXPECT_EQ(made({sum(wide, 0)}), 1u);
  EXPECT_EQ(made({sum(wide, 0), sum(wide, 1)}), 0u) << "tiles can compute both";
}

TEST_F(FuseSums, AreNamedAfterTheirLastNode) {
  const Value y = sum(input("x", {400, 500}) * 2.0, 1).named("total");
  const Graph made = fuse_sums(graph, std::vector{y}).graph;
  const Node node = made.nodes().back();
  EXPECT_EQ(node.name(), "total");
  EXPECT_EQ(node.origins().size(), 2u);
}

TEST_F(FuseSums, AreChecked) {
  const Value x = input("x", {400, 500});
  set(0, 5, 1e30F);
  const Value y = sum((x * 1e30).named("large"), 1);
  const Function f = compile(y, {.check_finite = true, .passes = alone()});
  EXPECT_EQ(f.nodes(), 1u);
  const std::string text = thrown<RunError>([&] { f(feeds); });
  EXPECT_NE(text.find("large"), text.npos) << text;
}

TEST_F(FuseSums, CheckTheirOperands) {
  const Value y = sum(input("x", {400, 500}) + input("row", {500}), 1);
  const Op op = fuse_sums(graph, std::vector{y}).graph.nodes().back().op();
  const auto infer = [&](const Type& x, const Type& row) {
    std::vector<Type> out;
    op->infer(std::vector<Type>{x, row}, out);
    return out;
  };
  EXPECT_EQ(infer({f32, {400, 500}}, {f32, {500}}), (std::vector<Type>{{f32, {400}}}));
  const std::string dtype = thrown<TypeError>([&] { infer({f32, {400, 500}}, {f64, {500}}); });
  EXPECT_NE(dtype.find("operand 1 must be float32"), dtype.npos) << dtype;
  const std::string shape = thrown<ShapeError>([&] { infer({f32, {400, 5}}, {f32, {5}}); });
  EXPECT_NE(shape.find("cannot compute the sum of result 0"), shape.npos) << shape;
}

}  // namespace
}  // namespace dagrad
