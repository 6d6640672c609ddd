#include <dagrad/compile.hpp>
#include <dagrad/state.hpp>

#include <gtest/gtest.h>

#include <thread>

#include "tests/exec/test_ops.hpp"
#include "tests/exec/watchdog.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;
using Numbers = std::vector<double>;

Numbers numbers(const Tensor& t) { return t.to_vector<double>(); }

class StateTest : public testing::Test {
 protected:
  Graph g;
  const Value p = g.parameter("p", Tensor::of({1.0, 2.0})),
              q = g.parameter("q", Tensor::of({5.0, 6.0}));
  const Value x = g.input("x", {f64, {2}});
};

TEST_F(StateTest, MovedFromIsRefused) {
  State s(g);
  const State taken = std::move(s);
  EXPECT_EQ(mistake<ArgumentError>([&] { s.get("p"); }),  // NOLINT(bugprone-use-after-move)
            "this State is empty: it has been moved from");
  EXPECT_EQ(mistake<ArgumentError>([&] { compile({p})(s); }),
            "this State is empty: it has been moved from");
  EXPECT_EQ(numbers(taken.get("p")), (Numbers{1, 2}));
}

TEST_F(StateTest, HoldsTheInitialValuesAndWhatIsSet) {
  State s(g);
  EXPECT_EQ(s.names(), (std::vector<std::string>{"p", "q"}));
  EXPECT_EQ(numbers(s.get("p")), (Numbers{1, 2}));
  s.set(p, Tensor::of({3.0, 4.0}));
  EXPECT_EQ(numbers(s.get(p)), (Numbers{3, 4}));
  const State other = s.copy();
  s.set("p", Tensor::of({0.0, 0.0}));
  EXPECT_EQ(numbers(other.get("p")), (Numbers{3, 4}));
  EXPECT_EQ(numbers(p.node().tensor()), (Numbers{1, 2}));
  EXPECT_EQ(mistake<ArgumentError>([&] { s.get("r"); }),
            "the State has no parameter 'r'; its parameters are: p, q");
  EXPECT_EQ(mistake<TypeError>([&] { s.set("p", Tensor(1.0)); }),
            "parameter 'p' must be float64[2], got float64[]");
}

TEST_F(StateTest, DoesNotSeeTheUsersMemoryChange) {
  State s(g);
  Numbers mine{7, 8};
  s.set("p", Tensor::borrow({2}, mine));
  mine = {0, 0};
  EXPECT_EQ(numbers(s.get("p")), (Numbers{7, 8}));
}

TEST_F(StateTest, FunctionsReadItOrTheInitialValues) {
  State s(g);
  s.set("p", Tensor::of({10.0, 20.0}));
  const Function f = compile({p + x, p});
  const Feeds feeds{{x, Tensor::of({1.0, 1.0})}};
  EXPECT_EQ(numbers(f(feeds)[0]), (Numbers{2, 3}));
  EXPECT_EQ(numbers(f(s, feeds)[0]), (Numbers{11, 21}));
  EXPECT_EQ(numbers(f(std::as_const(s), feeds)[1]), (Numbers{10, 20}));
  BoundRun run = f.bind(s);
  run.feed(x, Tensor::of({2.0, 2.0}));
  run();
  EXPECT_EQ(run.fetch(0).as<double>()[0], 12);
  EXPECT_EQ(run.fetch(1).as<double>()[1], 20);
}

TEST_F(StateTest, UpdatesAreCommittedAtTheEndAndFetchesSeeTheValuesFromBefore) {
  State s(g);
  const Value next = p + x;
  const Function f = compile({p, next}, {.update = {{p, next}}});
  const Feeds feeds{{x, Tensor::of({1.0, 1.0})}};
  std::vector<Tensor> kept;
  for (double step = 0; step < 5; ++step) {
    const auto r = f(s, feeds);
    EXPECT_EQ(numbers(r[0]), (Numbers{1 + step, 2 + step}));
    EXPECT_EQ(numbers(r[1]), (Numbers{2 + step, 3 + step}));
    EXPECT_EQ(numbers(s.get(p)), (Numbers{2 + step, 3 + step}));
    kept.insert(kept.end(), r.begin(), r.end());
  }
  for (std::size_t i = 0; i < kept.size(); ++i)
    EXPECT_EQ(kept[i].at(0), static_cast<double>(1 + i / 2 + i % 2)) << "results stay unchanged";
}

TEST_F(StateTest, UpdatesFromEveryKindOfValue) {
  const Value r = g.parameter("r", Tensor::of({9.0, 9.0})),
              t = g.parameter("t", Tensor::of({9.0, 9.0}));
  const Value column = g.input("column", {f64, {2, 1}});
  const Value u = g.parameter("u", Tensor(Type{f64, {2, 1}}));
  const Value computed = x * 10;
  // swapped parameters, a constant, an input, and one value for two parameters, once in another
  // shape
  const Function f = compile({x}, {.update = {{p, q},
                                              {q, p},
                                              {r, g.constant(Tensor::of({3.0, 4.0}))},
                                              {t, computed},
                                              {u, reshape_like(computed, column)}}});
  const Value v = g.parameter("v", Tensor::of({0.0, 0.0}));
  const Function from_input = compile({}, {.update = {{v, x}}});
  State s(g);
  Numbers mine{1, 2};
  for (int step = 1; step <= 4; ++step) {
    mine = {1.0 * step, 2.0 * step};
    const Feeds feeds{{x, Tensor::borrow({2}, mine)}};
    f(s, feeds);
    from_input(s, feeds);
    mine = {0, 0};
    EXPECT_EQ(numbers(s.get(p)), step % 2 == 1 ? (Numbers{5, 6}) : (Numbers{1, 2}));
    EXPECT_EQ(numbers(s.get(q)), step % 2 == 1 ? (Numbers{1, 2}) : (Numbers{5, 6}));
    EXPECT_EQ(numbers(s.get(r)), (Numbers{3, 4}));
    EXPECT_EQ(numbers(s.get(t)), (Numbers{10.0 * step, 20.0 * step}));
    EXPECT_EQ(numbers(s.get(u)), (Numbers{10.0 * step, 20.0 * step}));
    EXPECT_EQ(s.get(u).shape(), (Shape{2, 1}));
    EXPECT_EQ(numbers(s.get(v)), (Numbers{1.0 * step, 2.0 * step}));
  }
}

TEST_F(StateTest, IsNotTouchedByARunThatFails) {
  bool fails = true;
  const Value broken = hook(q + x, [&] {
    if (fails) throw std::runtime_error("no");
  });
  const Function f = compile({}, {.update = {{p, p + x}, {q, broken}}});
  State s(g);
  const Feeds feeds{{x, Tensor::of({1.0, 1.0})}};
  EXPECT_THROW(f(s, feeds), RunError);
  EXPECT_EQ(numbers(s.get(p)), (Numbers{1, 2}));
  EXPECT_EQ(numbers(s.get(q)), (Numbers{5, 6}));
  fails = false;
  f(s, feeds);
  EXPECT_EQ(numbers(s.get(p)), (Numbers{2, 3}));
  EXPECT_EQ(numbers(s.get(q)), (Numbers{6, 7}));
}

TEST_F(StateTest, OneUpdatingRunAtATime) {
  State s(g);
  std::string second, set;
  const Function inner = compile({}, {.update = {{q, q * 2}}});
  const Function reads = compile({p});
  Numbers seen;
  const Function f = compile(
      {}, {.update = {{p, hook(p * 2, [&] {
                         second = thrown<RunError>([&] { inner(s); });
                         set = thrown<RunError>([&] { s.set("q", Tensor::of({0.0, 0.0})); });
                         seen = numbers(reads(std::as_const(s))[0]);
                       })}}});
  f(s);
  EXPECT_EQ(second, "another run is updating this State; only one run at a time may do so");
  EXPECT_EQ(set, second);
  EXPECT_EQ(seen, (Numbers{1, 2}));
  EXPECT_EQ(numbers(s.get(q)), (Numbers{5, 6}));
  inner(s);
  EXPECT_EQ(numbers(s.get(q)), (Numbers{10, 12}));
}

TEST_F(StateTest, MismatchesAreAllListed) {
  Graph other;
  other.parameter("p", Tensor::of({1.0, 2.0, 3.0}));
  other.parameter("r", Tensor(1.0));
  const State s(other);
  const Function f = compile({p + q, p});
  EXPECT_EQ(
      mistake<ArgumentError>([&] { f(s); }),
      "the State does not fit the function:\n"
      "  parameter 'p' is float64[3] in the State, but float64[2] in the function\n"
      "  parameter 'q', float64[2], is not in the State\n"
      "  a State holds the parameters that its graph has when the State is made: either something "
      "added parameters later, such as an optimiser, or the State was made for another graph");
  EXPECT_EQ(numbers(f(State(g))[0]), (Numbers{6, 8}));
}

TEST_F(StateTest, UpdatesNeedOneThatMayChange) {
  const Function f = compile({}, {.update = {{p, q}}});
  const State s(g);
  EXPECT_EQ(mistake<ArgumentError>([&] { f(); }),
            "this function updates parameters: pass the State that holds them as its first "
            "argument");
  EXPECT_EQ(mistake<ArgumentError>([&] { f.bind(); }), mistake<ArgumentError>([&] { f(); }));
  EXPECT_EQ(mistake<ArgumentError>([&] { f(s); }),
            "this function updates parameters: pass a State that is not const");
}

TEST_F(StateTest, ReadersSeeOneMomentWhileAnotherThreadUpdates) {
  // Both parameters always hold the same numbers, so a reader would notice values of different
  // moments.
  Graph graph;
  const Type type{f64, {500}};
  const Value a = graph.parameter("a", Tensor(type)), b = graph.parameter("b", Tensor(type));
  State s(graph);
  const Function step = compile({}, {.update = {{a, a + 1.0}, {b, b + 1.0}}});
  const Function difference = compile({a - b, a});
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0}, backwards{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      double last = 0;
      while (!done) {
        const auto seen = difference(std::as_const(s));
        for (const double d : seen[0].values<double>()) wrong += d != 0;
        for (const double now : seen[1].values<double>()) {
          backwards += now < last;
          last = now;
        }
      }
    });
  }
  for (int i = 0; i < 2000; ++i) step(s);
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(backwards, 0);
  EXPECT_EQ(s.get("a").at(7), 2000);
}

TEST_F(StateTest, BoundRunsKeepItAlive) {
  std::optional<BoundRun> run;
  {
    State s(g);
    run = compile({p}, {.update = {{p, p * 2}}}).bind(s);
  }
  (*run)();
  (*run)();
  EXPECT_EQ(run->fetch(0).as<double>()[0], 2);
}

TEST_F(StateTest, SetsAllValuesOrNone) {
  State s(g);
  EXPECT_EQ(mistake<TypeError>([&] {
              s.set({{"p", Tensor::of({7.0, 8.0})}, {"q", Tensor(1.0)}});
            }),
            "parameter 'q' must be float64[2], got float64[]");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              s.set({{"p", Tensor::of({7.0, 8.0})}, {"r", Tensor(1.0)}});
            }),
            "the State has no parameter 'r'; its parameters are: p, q");
  EXPECT_EQ(numbers(s.get("p")), (Numbers{1, 2}));
  s.set({{"p", Tensor::of({7.0, 8.0})}, {"q", Tensor::of({9.0, 9.0})}});
  const auto values = s.values();
  s.set("p", Tensor::of({0.0, 0.0}));
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(numbers(values.at("p")), (Numbers{7, 8}));
  EXPECT_EQ(numbers(values.at("q")), (Numbers{9, 9}));
}

TEST_F(StateTest, ThatABoundRunHoldsMayEndInADeleterThatReadsTheState) {
  const Watchdog watchdog;
  State s(g);
  std::vector<double> seen;
  Numbers mine{3, 4};
  s.set(p, Tensor::adopt(p.type(), mine.data(), [&](void*) { seen = numbers(s.get(p)); }));
  BoundRun run = compile({p}).bind(s);
  run();
  s.set(p, Tensor::of({8.0, 9.0}));
  EXPECT_TRUE(seen.empty());
  run();  // releases the last handle of the old value
  EXPECT_EQ(seen, (Numbers{8, 9}));
  EXPECT_EQ(run.fetch(0).as<double>()[0], 8);
}

TEST_F(StateTest, WhatAnUpdateReplacesMayEndInADeleterThatSetsTheState) {
  const Watchdog watchdog;
  State s(g);
  Numbers mine{3, 4};
  s.set(p, Tensor::adopt(p.type(), mine.data(), [&](void*) { s.set(q, Tensor::of({0.0, 0.0})); }));
  compile({}, {.update = {{p, q}}})(s);
  EXPECT_EQ(numbers(s.get(p)), (Numbers{5, 6}));
  EXPECT_EQ(numbers(s.get(q)), (Numbers{0, 0}));
}

TEST_F(StateTest, UpdatesFromBorrowedConstantsSeeTheirCurrentMemory) {
  Numbers mine{1, 2};
  const Function f = compile({}, {.update = {{p, g.constant(Tensor::borrow({2}, mine))}}});
  State s(g);
  f(s);
  mine = {3, 4};
  EXPECT_EQ(numbers(s.get(p)), (Numbers{1, 2}));
  f(s);
  mine = {0, 0};
  EXPECT_EQ(numbers(s.get(p)), (Numbers{3, 4}));
}

/// New values of a few elements are copied to the memory of the old ones, larger ones replace it.
TEST(SmallUpdates, AreSeenByNoOneWhoHoldsTheOldValues) {
  for (const std::int64_t n : {1, 32, 33, 1000}) {
    Graph g;
    const Type type{f64, {n}};
    const Value p = g.parameter("p", Tensor::full(type, 1)),
                q = g.parameter("q", Tensor::full(type, 10));
    const Value next = p + 1;
    const Function step = compile({p, next}, {.update = {{p, next}, {q, p * q}}});
    const Function exchange = compile({}, {.update = {{p, q}, {q, p}}});
    State state(g);
    std::vector<Tensor> handles;
    std::vector<std::vector<Tensor>> results;
    for (int i = 0; i < 4; ++i) {
      handles.push_back(state.get("p"));
      results.push_back(step(state));
    }
    const State copy = state.copy();
    exchange(state);
    step(state);
    for (int i = 0; i < 4; ++i) {
      const auto at = static_cast<std::size_t>(i);
      EXPECT_EQ(handles[at].at(0), i + 1) << n;
      EXPECT_EQ(results[at][0].at(n - 1), i + 1) << n;
      EXPECT_EQ(results[at][1].at(n - 1), i + 2) << n;
    }
    EXPECT_EQ(copy.get("p").at(n - 1), 5);
    EXPECT_EQ(copy.get("q").at(n - 1), 240);
    EXPECT_EQ(state.get("p").at(n - 1), 241);
    EXPECT_EQ(state.get("q").at(n - 1), 1200);
    BoundRun run = step.bind(state);
    run();
    const View before = run.fetch(0), after = run.fetch(1);
    EXPECT_EQ(before.as<double>()[0], 241);
    EXPECT_EQ(after.as<double>()[0], 242);
    EXPECT_EQ(state.get("p").at(0), 242);
  }
}

}  // namespace
