// Where plans put values: no two of them share memory at a time, whatever the number of threads.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "src/exec/compiled.hpp"
#include "src/exec/overwriting.hpp"
#include "tests/exec/test_ops.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;
using detail::Plan;
using detail::Slot;

/// As many elements as it says, which repeat those of the operand. Fills scratch memory.
struct Resized {
  std::int64_t size = 0;
  static constexpr auto name = "resized";
  using attributes = dagrad::attributes<&Resized::size>;
  static constexpr no_grad grad{"only for tests"};
  Type infer(std::span<const Type>) const { return {f64, {size}}; }
  std::size_t scratch(const PlanContext& c) const { return c.out[0].bytes(); }
  void eval(const EvalContext& c) const {
    const auto from = c.in<double>(0);
    const auto to = c.out<double>();
    auto* const scratch = static_cast<double*>(c.scratch());
    for (std::size_t i = 0; i < to.size(); ++i)
      scratch[i] = from.empty() ? 0.5 : from[i % from.size()];
    std::copy_n(scratch, to.size(), to.begin());
  }
  double cost(const PlanContext&) const { return 1e5; }
};
Value resized(const Value& x, std::int64_t size) { return apply(Resized{size}, {x}); }

/// The memory of a slot and the steps that use it.
struct Used {
  std::uint32_t slot, producer;
  std::vector<std::uint32_t> users;
  bool is_output;
  std::uint64_t output, begin, end;  ///< in bytes
};

/// Which steps of a plan are done when another starts.
class Precedence {
 public:
  explicit Precedence(const Plan& plan) : plan_(plan) {
    if (!plan.topology) return;
    const auto tasks = plan.topology->size();
    before_.resize(tasks, std::vector<bool>(tasks, false));
    for (std::uint32_t task = 0; task < tasks; ++task) {
      for (std::uint32_t s = plan.tasks[task]; s < plan.tasks[task + 1]; ++s) task_.push_back(task);
      for (const std::uint32_t next : plan.topology->successors(task)) {
        EXPECT_LT(task, next);
        before_[next][task] = true;
        for (std::uint32_t t = 0; t < task; ++t)
          if (before_[task][t]) before_[next][t] = true;
      }
    }
  }
  bool operator()(std::uint32_t a, std::uint32_t b) const {
    if (!plan_.topology || task_[a] == task_[b]) return a < b;
    return before_[task_[b]][task_[a]];
  }

 private:
  const Plan& plan_;
  std::vector<std::uint32_t> task_;
  std::vector<std::vector<bool>> before_;  ///< which tasks are before each; in order of the tasks
};

std::vector<Used> used_memory(const Plan& plan) {
  const detail::Lifetimes lifetimes(plan);
  std::vector<Used> all;
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
    const detail::Kernel& kernel = plan.kernel_of(plan.steps[s]);
    const auto results = plan.results_of(plan.steps[s]);
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Slot slot = plan.slots[results[i]];
      const std::size_t bytes =
          i < kernel.out().size() ? kernel.out()[i].bytes() : kernel.scratch();
      const auto readers = lifetimes.readers(results[i]);
      Used used{results[i],
                s,
                {readers.begin(), readers.end()},
                slot.home == Slot::Home::output,
                0,
                0,
                detail::padded(bytes)};
      used.users.push_back(s);
      if (used.is_output) {
        used.output = slot.at;
      } else {
        EXPECT_EQ(slot.home, Slot::Home::arena);
        EXPECT_EQ(slot.at % detail::block_bytes, 0U);
        EXPECT_LE(slot.at + used.end, plan.arena_bytes);
        used.begin = slot.at;
        used.end += slot.at;
      }
      all.push_back(std::move(used));
    }
  }
  return all;
}

/// Whether all that use one slot are done when another is written, or it is overwritten on purpose.
bool makes_way(const Plan& plan, const Precedence& precedes, const Used& first,
               const Used& second) {
  return std::ranges::all_of(first.users, [&](std::uint32_t user) {
    if (precedes(user, second.producer)) return true;
    if (user != second.producer || first.begin != second.begin || user == first.producer)
      return false;
    const auto& step = plan.steps[user];
    const auto in = plan.operands_of(step), out = plan.results_of(step);
    const auto result = std::ranges::find(out, second.slot) - out.begin();
    for (std::size_t i = 0; i < in.size(); ++i)
      if (in[i] == first.slot && may_overwrite(plan, step, static_cast<std::size_t>(result), i))
        return true;
    return false;
  });
}

void expect_apart(const Function& f) {
  const Plan& plan = detail::FunctionAccess::compiled(f).plan();
  const Precedence precedes(plan);
  const std::vector<Used> all = used_memory(plan);
  for (std::size_t a = 0; a < all.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) {
      const bool overlap = all[a].is_output == all[b].is_output && all[a].output == all[b].output &&
                           all[a].begin < all[b].end && all[b].begin < all[a].end;
      ASSERT_TRUE(!overlap || makes_way(plan, precedes, all[a], all[b]) ||
                  makes_way(plan, precedes, all[b], all[a]))
          << all[b].producer << " and " << all[a].producer << "\n"
          << f.text();
    }
}

/// Large and small values, of which some update parameters.
struct RandomTraining {
  explicit RandomTraining(std::int64_t seed) : rng(seed) {
    for (const std::int64_t size : sizes)
      parameters.push_back(graph.parameter("p" + std::to_string(size), rng.uniform({size}, -1, 1)));
    values = parameters;
    for (int i = 0; i < 60; ++i) add();
    for (const Value& parameter : parameters) {
      Value next = resized(any(), parameter.size());
      for (std::int64_t i = rng.integer(0, 4); i > 0; --i)
        next = i == 2 ? reverse(next) : next * 0.5 + (i == 1 ? parameter : like(parameter));
      update.push_back({parameter, next});
    }
    fetches = {any(), any(), update[3].next, reverse(update[4].next)};
  }

  Value any() {
    const auto n = static_cast<std::int64_t>(values.size());
    return values[static_cast<std::size_t>(rng.integer(std::max<std::int64_t>(0, n - 15), n))];
  }
  Value like(const Value& x) {
    for (int tries = 0; tries < 20; ++tries)
      if (const Value y = any(); y.type() == x.type()) return y;
    return x;
  }
  void add() {
    const Value x = any();
    switch (rng.integer(0, 8)) {
      case 0:
      case 1:
        values.push_back(resized(x, sizes[static_cast<std::size_t>(rng.integer(0, 8))]));
        break;
      case 2:
        values.push_back(reverse(x));
        break;
      case 3:
        values.push_back(add_reversed(x, like(x)));
        break;
      case 4:
        values.push_back(prefix(x) * 0.001);
        break;
      case 5:
        for (const Value& y : three(x)) values.push_back(y);
        break;
      case 6:
        values.push_back(costly(reshape(x, {x.size()})));
        break;
      default:
        values.push_back(x * 0.5 + like(x));
    }
  }

  static constexpr std::array<std::int64_t, 8> sizes{0, 1, 900, 8192, 9000, 20000, 33000, 70001};
  Rng rng;
  Graph graph;
  std::vector<Value> parameters, values, fetches;
  std::vector<Update> update;
};

TEST(Placement, KeepsLiveValuesApart) {
  std::size_t put = 0, shared = 0;
  for (int seed = 0; seed < 40; ++seed) {
    const RandomTraining training(seed);
    // Where all values are fetched, each has memory of its own.
    std::vector<Value> all = training.fetches;
    for (const Update& update : training.update) all.push_back(update.next);
    for (const Node& node : training.graph.nodes())
      for (std::size_t port = 0; port < node.outputs(); ++port) all.push_back(node.output(port));
    const auto expected = compile(all, {.threads = 1, .passes = {}})();
    for (const int threads : {1, 2, 3}) {
      Runtime runtime({.threads = threads});
      const Function f =
          compile(training.fetches, {.update = training.update, .runtime = &runtime, .passes = {}});
      expect_apart(f);
      const Plan& plan = detail::FunctionAccess::compiled(f).plan();
      put += plan.put.size();
      shared += plan.topology ? 1 : 0;
      State state(training.graph);
      const auto results = f(state);
      for (std::size_t i = 0; i < results.size(); ++i)
        EXPECT_TRUE(same_bits(results[i], expected[i])) << seed << " " << f.text();
      for (std::size_t i = 0; i < training.update.size(); ++i)
        EXPECT_TRUE(same_bits(state.get(training.parameters[i]), expected[results.size() + i]))
            << seed << " " << f.text();
    }
  }
  EXPECT_GT(put, 100U);
  EXPECT_GT(shared, 60U);
}

/// The gradients of large parameters.
struct Placed : testing::Test {
  static constexpr std::int64_t n = 10000;
  static constexpr std::size_t bytes = 80000;
  Graph graph;
  const Value w = graph.parameter("w", Rng(1).uniform({n}, -1, 1)),
              x = graph.input("x", {f64, {n}});
  const Tensor data = Rng(2).uniform({n}, -1, 1);
  Function compiled(const Value& next, const std::vector<Value>& fetches = {}) const {
    return compile(fetches, {.update = {{w, next}}, .threads = 1, .passes = {}});
  }
};

TEST_F(Placed, AnUpdateOverwritesItsGradient) {
  const Value gradient = reverse(reverse(x));
  const Function f = compiled(w - gradient * 0.5);
  EXPECT_EQ(f.peak_bytes(), 0U) << f.text();
  State state(graph);
  Tensor expected = w.node().tensor();
  for (int run = 0; run < 4; ++run) {  // the memory of a State is reused from the third run on
    f(state, {{x, data}});
    expected = evaluate(graph.constant(expected) - gradient * 0.5, {{x, data}});
    EXPECT_TRUE(same_bits(state.get("w"), expected));
  }
}

TEST_F(Placed, ExplainSaysWhatAnUpdateOverwrites) {
  const Value gradient = reverse(x), next = w - gradient;
  const auto steps = explain_plan(compiled(next)).steps;
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[1].overwrites, gradient.name());
}

TEST_F(Placed, OutputsMayLieInMemoryOfTheCaller) {
  const Value y = (reverse(reverse(x)) + 1.0) * 2.0;
  const Tensor expected = evaluate(y, {{x, data}});
  BoundRun run = compile({y}, {.threads = 1, .passes = {}}).bind();
  run.feed(x, data);
  for (const std::ptrdiff_t shift : {1, 3}) {  // they need not be aligned to more than an element
    std::vector<double> memory(n + 8, 7.0);
    run.store(0, {memory.data() + shift, {f64, {n}}});
    run();
    EXPECT_TRUE(same_bits(
        Tensor({n}, std::vector(memory.begin() + shift, memory.end() - 8 + shift)), expected));
    EXPECT_EQ(std::count(memory.begin(), memory.end(), 7.0), 8);
  }
}

TEST_F(Placed, SoMayTheGradientOfAKernel) {
  Rng rng(3);
  for (const std::int64_t pixels : {4, 12}) {
    const Type type{f32, {32, 64, pixels, pixels}};
    const Value image = graph.input("image" + std::to_string(pixels), type);
    const Value kernel =
        graph.parameter("kernel" + std::to_string(pixels), rng.uniform({64, 64, 3, 3}, -1, 1, f32));
    const Value dkernel = gradient(sum(square(conv2d(image, kernel, {.padding = {1, 1}}))), kernel);
    const Feeds feeds{{image, rng.uniform(type.shape, -1, 1, f32)}};
    const Tensor expected = evaluate(dkernel, feeds);
    BoundRun run = compile({dkernel}, {.threads = 1}).bind();
    run.feed(image, feeds[0].tensor);
    std::vector<float> memory(64 * 64 * 9 + 16, 7.0F);
    run.store(0, {memory.data() + 1, dkernel.type()});
    run();
    EXPECT_TRUE(same_bits(
        Tensor(dkernel.shape(), std::vector(memory.begin() + 1, memory.end() - 15)), expected));
    EXPECT_EQ(std::count(memory.begin(), memory.end(), 7.0F), 16);
  }
}

TEST_F(Placed, AFailedRunKeepsTheState) {
  const Value gradient = reverse(x);
  const Value next = hook(w - gradient, [] { throw std::runtime_error("no"); });
  const Function f = compiled(w - gradient * 2.0, {next});
  State state(graph);
  EXPECT_THROW(f(state, {{x, data}}), RunError);
  EXPECT_TRUE(same_bits(state.get("w"), w.node().tensor()));
}

TEST_F(Placed, WhatOthersReadIsNotOverwritten) {
  const Value gradient = reverse(x);
  const Function f = compiled(w - gradient, {reverse(gradient)});
  EXPECT_EQ(f.peak_bytes(), detail::padded(bytes));
  State state(graph);
  EXPECT_TRUE(same_bits(f(state, {{x, data}})[0], data));
}

TEST_F(Placed, LargeValuesTakeLittleMoreThanIsNeededAtOnce) {
  // Values that are computed one after the other and read in the opposite order, as for a gradient.
  std::vector<Value> kept{x};
  for (int i = 1; i < 40; ++i) kept.push_back(resized(kept.back(), n + 997 * (i * 7919 % 30)));
  Value y = kept.back();
  for (; !kept.empty(); kept.pop_back()) y = resized(y, kept.back().size()) + kept.back();
  const PlanExplanation all = explain_plan(compile({y}, {.threads = 1, .passes = {}}));
  EXPECT_LE(all.arena_bytes, all.most_bytes + all.most_bytes / 10);
}

}  // namespace
