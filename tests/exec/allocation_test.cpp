#include <dagrad/compile.hpp>
#include <dagrad/ops/reduce.hpp>
#include <dagrad/passes/epilogues.hpp>
#include <dagrad/passes/fuse_sums.hpp>
#include <dagrad/passes/tile.hpp>
#include <dagrad/passes/windows.hpp>

#include <gtest/gtest.h>

#include "tests/allocations.hpp"
#include "tests/exec/test_ops.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;

/// The number of allocations in a hundred steady runs. Threads allocate when they first take part,
/// and on a busy machine a helper may come late, so several hundred runs may be tried.
std::int64_t of_a_hundred(BoundRun& run) {
  std::int64_t count = 0;
  for (int tries = 0; tries < 10; ++tries) {
    for (int i = 0; i < 20; ++i) run();
    const std::int64_t before = allocations();
    for (int i = 0; i < 100; ++i) run();
    count = allocations() - before;
    if (count == 0) break;
  }
  return count;
}

class Allocations : public testing::TestWithParam<int> {
 protected:
  Runtime runtime{{.threads = GetParam()}};
  Graph g;
  const Type type{f64, {100}};
  const Value x = g.input("x", type), p = g.parameter("p", Tensor(type)),
              q = g.parameter("q", Tensor(type));
  const Tensor data = Tensor::full(type, 1.0);
};
INSTANTIATE_TEST_SUITE_P(Threads, Allocations, testing::Values(1, 2));

TEST_P(Allocations, AreCounted) {
  const std::int64_t before = allocations();
  const Function f = compile({x + p}, {.runtime = &runtime});
  EXPECT_GT(allocations(), before);
}

TEST_P(Allocations, NoneInBoundRuns) {
  std::vector<Value> branches;
  for (int i = 0; i < 8; ++i) branches.push_back(costly(prefix(reverse(tanh(x * i) + p))));
  const Value y = add_n(branches), column = g.constant(Tensor(Type{f64, {30, 1}}));
  const Function f = compile({y, sum_to_like(y * column, y), x, p}, {.runtime = &runtime});
  BoundRun run = f.bind();
  run.feed(x, data.view());
  EXPECT_EQ(of_a_hundred(run), 0);
  State state(g);
  BoundRun with_state = f.bind(state);
  with_state.feed(x, data);
  EXPECT_EQ(of_a_hundred(with_state), 0);
}

TEST_P(Allocations, NoneInTiles) {
  const Value wide = g.input("wide", {f64, {1003, 400}});
  const Function f = compile({sum(exp(sin(wide)), 1)},
                             {.runtime = &runtime, .passes = {Pass("tiles", tile_rows, true)}});
  BoundRun run = f.bind();
  const Tensor elements = Tensor::full(wide.type(), 1.0);
  run.feed(wide, elements);
  EXPECT_EQ(f.nodes(), 1u);
  EXPECT_EQ(of_a_hundred(run), 0);
}

TEST_P(Allocations, NoneInWindows) {
  const Value wide = g.input("wide", {f64, {3, 40'000}});
  const Value steps = wide[{{}, {1, 40'000}}] - wide[{{}, {0, 39'999}}];
  const Function f =
      compile(steps, {.runtime = &runtime, .passes = {Pass("windows", read_windows, true)}});
  BoundRun run = f.bind();
  const Tensor elements = Tensor::full(wide.type(), 1.0);
  run.feed(wide, elements);
  EXPECT_EQ(f.nodes(), 1u);
  EXPECT_EQ(of_a_hundred(run), 0);
}

TEST_P(Allocations, NoneInEpilogues) {
  const Value square = g.input("square", {f64, {300, 300}});
  const Function f =
      compile(tanh(matmul(square, square)),
              {.runtime = &runtime, .passes = {Pass("epilogues", fuse_epilogues, true)}});
  BoundRun run = f.bind();
  const Tensor elements = Tensor::full(square.type(), 1.0);
  run.feed(square, elements);
  EXPECT_EQ(f.nodes(), 1u);
  EXPECT_EQ(of_a_hundred(run), 0);
}

TEST_P(Allocations, NoneInSumsOfFormulas) {
  const Value wide = g.input("wide", {f64, {300, 400}}), formula = tanh(wide) * wide;
  const Function f =
      compile({sum(formula, 0), sum(formula, 1), sum(wide * 2.0, 1)},
              {.runtime = &runtime,
               .passes = {Pass("fuse", fuse, true), Pass("fuse_sums", fuse_sums, true)}});
  BoundRun run = f.bind();
  const Tensor elements = Tensor::full(wide.type(), 1.0);
  run.feed(wide, elements);
  EXPECT_EQ(f.nodes(), 1u);
  EXPECT_EQ(of_a_hundred(run), 0);
}

TEST_P(Allocations, NoneInCheckedRuns) {
  const Value y = tanh(reverse(x * p + 1.0));
  const Function f = compile({y, sum_to_like(y, g.constant(Tensor(0.0)))},
                             {.update = {{p, y}}, .runtime = &runtime, .check_finite = true});
  State state(g);
  BoundRun run = f.bind(state);
  run.feed(x, data);
  EXPECT_EQ(of_a_hundred(run), 0);
}

TEST_P(Allocations, NoneInFeeding) {
  BoundRun run = compile({x * 2}, {.runtime = &runtime}).bind();
  run.feed(x, data);
  run();
  const std::int64_t before = allocations();
  for (int i = 0; i < 100; ++i) {
    run.feed(x, data.view());
    run.feed("x", data.view());
    run();
    EXPECT_EQ(run.fetch(0).as<double>()[0], 2);
  }
  EXPECT_EQ(allocations() - before, 0);
}

TEST_P(Allocations, NoneInTraining) {
  const Value next = p - x * 0.5;
  // Updates: computed, computed and fetched, from an input, and two parameters swapped.
  const Value r = g.parameter("r", Tensor(type)), s = g.parameter("s", Tensor(type)),
              t = g.parameter("t", Tensor(type));
  const Function f =
      compile({next, p, x},
              {.update = {{p, next}, {q, x}, {r, s}, {s, r}, {t, next}}, .runtime = &runtime});
  State state(g);
  BoundRun run = f.bind(state);
  run.feed(x, data.view());
  EXPECT_EQ(of_a_hundred(run), 0);
  EXPECT_LE(state.get(p).at(0), -60);  // half a step in each of at least 120 runs
}

TEST_P(Allocations, NoneInTheStepsOfALoop) {
  const Function f = compile({p - x}, {.update = {{p, p - x}}, .runtime = &runtime});
  State state(g);
  BoundRun run = f.bind(state);
  const auto feed = [&](std::int64_t) { run.feed(x, data); };
  double sum = 0;
  const RepeatOptions options{.on_step = [&](std::int64_t, std::span<const View> results) {
    sum += results[0].as<double>()[0];
  }};
  const auto in = [&](std::int64_t steps) {
    const std::int64_t before = allocations();
    run.repeat(steps, feed, options);
    return allocations() - before;
  };
  in(10);
  EXPECT_EQ(in(10), in(100));
  EXPECT_LT(sum, 0);
}

TEST_P(Allocations, PeakBytesAreWhatARunHolds) {
  Value y = x;
  for (int i = 0; i < 5; ++i) y = costly(prefix(tanh(y))) + reverse(y);
  const Function f = compile({sum_to_like(y, g.constant(Tensor(0.0)))}, {.runtime = &runtime});
  const std::int64_t before = aligned_bytes();
  const BoundRun run = f.bind();
  EXPECT_EQ(aligned_bytes() - before, static_cast<std::int64_t>(f.peak_bytes()));
}

TEST_P(Allocations, PeakBytesIncludeTheMemoryOfTiles) {
  const Value large = g.input("large", {f64, {1001, 1000}});
  const Value e = exp(large - max(large, 1, true)), y = max(e / sum(e, 1, true), 1);
  const std::int64_t before = aligned_bytes();
  const Function f = compile(y, {.runtime = &runtime, .passes = {{"tile_rows", tile_rows}}});
  const std::int64_t tiles = aligned_bytes() - before;
  const BoundRun run = f.bind();
  EXPECT_GT(tiles, 0) << f.text();
  EXPECT_EQ(aligned_bytes() - before, static_cast<std::int64_t>(f.peak_bytes()));
}

}  // namespace
