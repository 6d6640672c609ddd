#include <dagrad/compile.hpp>
#include <dagrad/explain.hpp>
#include <dagrad/gradient.hpp>
#include <dagrad/ops/reduce.hpp>
#include <dagrad/optimizers.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "tests/exec/test_ops.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;
using Numbers = std::vector<double>;

const Type four{f64, {4}};
const Tensor data = Tensor::of({1.0, 2.0, 3.0, 4.0});

class Memory : public testing::Test {
 protected:
  Numbers run(const Value& y) { return numbers_of(compile({y})); }
  Numbers numbers_of(const Function& f) { return f({{x, data}})[0].to_vector<double>(); }
  Graph g;
  const Value x = g.input("x", four);
  const Value a = x + 1.0;  // {2, 3, 4, 5}, in the arena
};

TEST_F(Memory, AChainOfLoopsTakesOneBlock) {
  Value y = a;
  for (int i = 0; i < 100; ++i) y = y * 1.0;
  const Function f = compile({y + 0.0}, {.passes = {}});
  EXPECT_EQ(f.peak_bytes(), 64U) << f.text();
  EXPECT_EQ(numbers_of(f), (Numbers{2, 3, 4, 5}));
}

TEST_F(Memory, AnOperandThatIsReadLaterIsNotOverwritten) {
  const Value b = reverse(a), c = b + a;
  const Function f = compile({c});
  EXPECT_EQ(f.peak_bytes(), 128U) << f.text();
  EXPECT_EQ(numbers_of(f), (Numbers{7, 7, 7, 7}));
}

TEST_F(Memory, AnOperandThatDiesIsOverwritten) {
  const Function f = compile({reverse(a) * 1.0});
  EXPECT_EQ(f.peak_bytes(), 64U) << f.text();
  EXPECT_EQ(numbers_of(f), (Numbers{5, 4, 3, 2}));
}

TEST_F(Memory, LeavesAndFetchesAreNotOverwritten) {
  const Value p = g.parameter("p", data), c = g.constant(data);
  const Function f = compile({reverse(x), reverse(p), reverse(c), a, reverse(a), x, p, c});
  for (int run = 0; run < 2; ++run) {
    const auto r = f({{x, data}});
    for (const std::size_t backwards : {0U, 1U, 2U})
      EXPECT_EQ(r[backwards].to_vector<double>(), (Numbers{4, 3, 2, 1}));
    EXPECT_EQ(r[3].to_vector<double>(), (Numbers{2, 3, 4, 5}));
    EXPECT_EQ(r[4].to_vector<double>(), (Numbers{5, 4, 3, 2}));
    for (const std::size_t leaf : {5U, 6U, 7U})
      EXPECT_EQ(r[leaf].to_vector<double>(), (Numbers{1, 2, 3, 4}));
  }
}

TEST_F(Memory, UpdatesFollowTheirGradients) {
  Value y = x;
  std::vector<Value> weights;
  for (int i = 0; i < 9; ++i) {
    weights.push_back(g.parameter("w" + std::to_string(i), data));
    y = sin(y) * weights.back();
  }
  const auto gradients = gradient(sum(y), weights);
  const Function f =
      compile({sum(y)}, {.update = sgd(weights, gradients, 0.5), .threads = 1, .passes = {}});
  const std::vector<PlannedStep> steps = explain_plan(f).steps;
  const auto is_update = [](const PlannedStep& step) { return step.op == "descend"; };
  EXPECT_EQ(std::ranges::count_if(steps, is_update), 9);
  for (std::size_t i = 1; i < steps.size(); ++i)  // each comes after a step of the gradient
    EXPECT_FALSE(is_update(steps[i - 1]) && is_update(steps[i])) << f.text();
  State trained(g);
  f(trained, {{x, data}});
  for (std::size_t i = 0; i < weights.size(); ++i)
    EXPECT_EQ(trained.get(weights[i]).to_vector<double>(),
              evaluate(weights[i] - gradients[i] * 0.5, {{x, data}}).to_vector<double>());
}

TEST_F(Memory, AnAliasKeepsItsMemoryAlive) {
  const Value column = g.input("column", {f64, {4, 1}});
  const Value alias = reshape_like(a, column);
  const Value b = reverse(a);  // the last use of `a` itself
  const Value c = reshape_like(alias, a) + b;
  EXPECT_EQ(run(c), (Numbers{7, 7, 7, 7}));
}

TEST_F(Memory, AnAliasThatDiesIsOverwritten) {
  const Value column = g.input("column", {f64, {4, 1}});
  const Function f = compile({reverse(reshape_like(a, column)) * 1.0});
  EXPECT_EQ(f.peak_bytes(), 64U) << f.text();
  EXPECT_EQ(numbers_of(f), (Numbers{5, 4, 3, 2}));
}

TEST_F(Memory, AnOperandThatIsUsedTwiceIsNotOverwritten) {
  EXPECT_EQ(run(add_reversed(a, a) * 1.0), (Numbers{7, 7, 7, 7}));
  const Value alias = reshape_like(reshape_like(a, g.input("column", {f64, {4, 1}})), a);
  EXPECT_EQ(run(add_reversed(a, alias) * 1.0), (Numbers{7, 7, 7, 7}));
  EXPECT_EQ(run(a * a * 1.0), (Numbers{4, 9, 16, 25})) << "loops may overwrite it";
}

TEST_F(Memory, AnOperandOfAnotherSizeIsNotOverwritten) {
  const Value row = g.constant(Tensor(Type{f64, {3, 4}}));
  EXPECT_EQ(run(sum_to_like(a + row, a)), (Numbers{6, 9, 12, 15}));
  const Value wide = cast(cast(a, f32), f64);
  EXPECT_EQ(run(wide * 1.0), (Numbers{2, 3, 4, 5}));
}

TEST_F(Memory, ATypeOnlyOperandHasNoData) {
  const Value heavy = exp(g.input("other", {f64, {1000}}));
  const Function f = compile({zeros_like(heavy) + sum_to_like(a, g.constant(Tensor(0.0)))});
  EXPECT_EQ(f.input_names(), std::vector<std::string>{"x"});
  EXPECT_EQ(numbers_of(f), Numbers(1000, 14));
  const Value late = zeros_like(a) + x;  // `a` has been computed but need not be kept
  EXPECT_EQ(run(late), (Numbers{1, 2, 3, 4}));
}

TEST_F(Memory, BuffersAreReused) {
  Value y = a;
  // Y, tanh(y) and reverse(y) are live at once.
  for (int i = 0; i < 50; ++i) y = tanh(y) + reverse(y);
  const Function f = compile({y * 1.0});
  EXPECT_LE(f.peak_bytes(), 3U * 64U) << f.text();
}

TEST_F(Memory, PeakIsCloseToWhatIsLiveAtOnce) {
  // 1000 values of growing and shrinking sizes, of which never more than three are live.
  Value y = sum_to_like(x, g.constant(Tensor(0.0)));
  std::size_t most = 0;
  for (int i = 0; i < 500; ++i) {
    const std::int64_t n = 100 + (i * 7919) % 1000;
    const Value wide = y + g.constant(Tensor(Type{f64, {n}}));
    most = std::max(most, wide.type().bytes());
    y = sum_to_like(wide, g.constant(Tensor(0.0))) * 0.5;
  }
  const Function f = compile({y});
  EXPECT_LE(f.peak_bytes(), 3 * most) << f.nodes();
}

TEST_F(Memory, DoesNotOverwriteWhatAnotherThreadStillReads) {
  // A wide and shallow graph in which two nodes read each value, so that reusing memory at once
  // would cause hazards everywhere.
  Runtime two({.threads = 2}), one({.threads = 1});
  const Type type{f64, {64}};
  const Value in = g.input("in", type);
  std::vector<Value> layer(12, in), costs;
  for (int depth = 0; depth < 30; ++depth) {
    std::vector<Value> next;
    for (std::size_t i = 0; i < layer.size(); ++i)
      next.push_back(costly(reverse(layer[i]) * 0.5 + layer[(i + 1) % layer.size()]));
    layer = next;
  }
  const Value y = add_n(layer);
  const Function serial = compile({y}, {.runtime = &one}),
                 parallel = compile({y}, {.runtime = &two});
  EXPECT_NE(parallel.text().find("up to 2 threads"), std::string::npos);
  const Function limited = compile({y}, {.threads = 1, .runtime = &two});
  EXPECT_NE(limited.text().find("in order on the caller's thread"), std::string::npos);
  EXPECT_EQ(limited.peak_bytes(), serial.peak_bytes());
  EXPECT_LE(serial.peak_bytes(), parallel.peak_bytes());
  EXPECT_LE(parallel.peak_bytes(), 4 * serial.peak_bytes());
  const Tensor value = Tensor::full(type, 0.25);
  const Tensor expected = serial({{in, value}})[0];
  for (int run = 0; run < 50; ++run) EXPECT_TRUE(same_bits(parallel({{in, value}})[0], expected));
}

}  // namespace
