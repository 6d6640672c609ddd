#include <dagrad/compile.hpp>

#include <gtest/gtest.h>

#include <memory>

#include "tests/exec/test_ops.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;
using Numbers = std::vector<double>;

Numbers numbers(const Tensor& t) { return t.to_vector<double>(); }

const Tensor one_two = Tensor::of({1.0, 2.0});
const Type pair{f64, {2}};

TEST(Fetch, OfAComputedValueAndItsOperands) {
  Graph g;
  const Value x = g.input("x", pair);
  const Value a = x + 1, b = a * a;
  const auto r = compile({b, a, b, x})({{x, one_two}});
  EXPECT_EQ(numbers(r[0]), (Numbers{4, 9}));
  EXPECT_EQ(numbers(r[1]), (Numbers{2, 3}));
  EXPECT_EQ(numbers(r[2]), (Numbers{4, 9}));
  EXPECT_EQ(numbers(r[3]), (Numbers{1, 2}));
  EXPECT_EQ(r[0].data(), r[2].data());
  EXPECT_EQ(r[3].data(), one_two.data());
}

TEST(Fetch, OfLeaves) {
  Graph g;
  const Value x = g.input("x", pair), p = g.parameter("p", Tensor::of({3.0, 4.0})),
              c = g.constant(Tensor::of({5.0, 6.0}));
  const Function f = compile({c, p, x});
  EXPECT_EQ(f.nodes(), 0U);
  EXPECT_EQ(f.peak_bytes(), 0U);
  const auto r = f({{"x", one_two}});
  EXPECT_EQ(numbers(r[0]), (Numbers{5, 6}));
  EXPECT_EQ(numbers(r[1]), (Numbers{3, 4}));
  EXPECT_EQ(numbers(r[2]), (Numbers{1, 2}));
}

TEST(Fetch, OfAliases) {
  Graph g;
  const Value x = g.input("x", pair), column = g.input("column", {f64, {2, 1}});
  const Value y = x * 2, z = reshape_like(y, column), w = reshape_like(x, column);
  const Function f = compile({z, y, w});
  EXPECT_EQ(f.nodes(), 1U);
  EXPECT_EQ(f.input_names(), std::vector<std::string>{"x"});
  const auto r = f({{x, one_two}});
  EXPECT_EQ(r[0].type(), (Type{f64, {2, 1}}));
  EXPECT_EQ(numbers(r[0]), (Numbers{2, 4}));
  EXPECT_EQ(r[0].data(), r[1].data());
  EXPECT_EQ(r[2].type(), (Type{f64, {2, 1}}));
  EXPECT_EQ(numbers(r[2]), (Numbers{1, 2}));
}

TEST(Fetch, KeepsItsValueWhenTheFunctionRunsAgain) {
  Graph g;
  const Value x = g.input("x", pair);
  const Function f = compile({x + 1});
  const Tensor first = f({{x, one_two}})[0];
  const void* dropped = nullptr;
  {
    const Tensor second = f({{x, first}})[0];
    EXPECT_EQ(numbers(second), (Numbers{3, 4}));
    EXPECT_NE(second.data(), first.data());
    dropped = second.data();
  }
  const Tensor third = f({{x, Tensor::of({7.0, 7.0})}})[0];
  EXPECT_EQ(third.data(), dropped) << "released memory is reused";
  EXPECT_EQ(numbers(first), (Numbers{2, 3}));
}

TEST(Fetch, OfBorrowedMemoryIsACopy) {
  Graph g;
  const Value x = g.input("x", pair);
  Numbers mine{1, 2};
  const Tensor r = compile({x})({{x, Tensor::borrow({2}, mine)}})[0];
  mine = {8, 9};
  EXPECT_EQ(numbers(r), (Numbers{1, 2}));
}

TEST(Plan, HoldsOnlyWhatIsNeeded) {
  Graph g;
  const Value x = g.input("x", pair), y = g.input("y", pair);
  const Value a = x + 1;
  exp(y) + a;
  const Value z = sum_to_like(a * 2, exp(y));  // uses only the type of exp(y)
  const Function f = compile({z}, {.passes = {}});
  EXPECT_EQ(f.nodes(), 2U) << f.text();
  EXPECT_EQ(f.input_names(), std::vector<std::string>{"x"});
  EXPECT_EQ(numbers(f({{x, one_two}})[0]), (Numbers{4, 6}));
}

TEST(Plan, OutlivesItsGraphAndItsRuntime) {
  Function f;
  {
    Runtime runtime({.threads = 2});
    Graph g;
    const Value x = g.input("x", pair);
    f = compile({x * g.parameter("p", Tensor::of({3.0, 4.0}))}, {.runtime = &runtime});
  }
  EXPECT_EQ(numbers(f({{"x", one_two}})[0]), (Numbers{3, 8}));
}

TEST(Plan, ZeroSizedValues) {
  Graph g;
  const Value x = g.input("x", {f64, {0, 3}}), row = g.input("row", {f64, {3}});
  const Value y = x * 2 + row, z = sum_to_like(y, row);
  const Function f = compile({y, z, prefix(reshape_like(y, x))});
  const auto r = f({{x, Tensor(Type{f64, {0, 3}})}, {row, Tensor::of({1.0, 2.0, 3.0})}});
  EXPECT_EQ(r[0].type(), (Type{f64, {0, 3}}));
  EXPECT_EQ(numbers(r[1]), (Numbers{0, 0, 0}));
}

TEST(Plan, ScratchAndPreparedStateReachTheOp) {
  Graph g;
  const Value x = g.input("x", {f64, {1000}});
  const Function f = compile({prefix(x + 0.0) * 1.0});
  const Tensor r = f({{x, Tensor::full({f64, {1000}}, 1.0)}})[0];
  EXPECT_EQ(r.at(0), 1);
  EXPECT_EQ(r.at(999), 1999);
}

TEST(Plan, UnusedResults) {
  Graph g;
  const Value x = g.input("x", pair);
  const auto [a, b, c] = three(x);
  const auto r = compile({b * 2})({{x, one_two}});
  EXPECT_EQ(numbers(r[0]), (Numbers{6, 8}));
}

TEST(Plan, SaysWhatItDoes) {
  Graph g;
  const Value x = g.input("x", pair);
  const Value y = exp(x * 2).named("y");
  const std::string text = compile({y + x}, {.passes = {}}).text();
  EXPECT_NE(text.find("3 steps, 64 bytes of arena, in order on the caller's thread"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("mul = mul(x, constant 0) -> @0 float64[2]"), std::string::npos) << text;
  EXPECT_NE(text.find("y = exp(@0) -> @0 float64[2]"), std::string::npos) << text;
  EXPECT_NE(text.find("add = add(@0, x) -> output 0 float64[2]"), std::string::npos) << text;
}

TEST(Plan, NamesAndTypes) {
  Graph g;
  const Value x = g.input("x", pair), w = g.parameter("w", one_two);
  const Function f = compile({x * w, x});
  EXPECT_EQ(f.input_names(), std::vector<std::string>{"x"});
  EXPECT_EQ(f.parameter_names(), std::vector<std::string>{"w"});
  EXPECT_EQ(f.fetch_types(), (std::vector<Type>{pair, pair}));
}

TEST(Evaluate, OneValueOrMore) {
  Graph g;
  const Value x = g.input("x", pair);
  EXPECT_EQ(numbers(evaluate(x * 3, {{x, one_two}})), (Numbers{3, 6}));
  const std::vector<Value> both{x + 1, x + 2};
  EXPECT_EQ(numbers(evaluate(both, {{"x", one_two}})[1]), (Numbers{3, 4}));
}

TEST(BoundRun, ReadsTheUsersMemoryAndGivesItsOwn) {
  Graph g;
  const Value x = g.input("x", pair), y = g.input("y", pair);
  BoundRun run = compile({x * y, y}).bind();
  Numbers mine{1, 2};
  run.feed(x, View{mine.data(), pair});
  run.feed("y", Tensor::of({10.0, 20.0}));
  EXPECT_EQ(thrown<ArgumentError>([&] { run.fetch(0); }),
            "fetch: there is nothing to fetch because no run has completed");
  run();
  EXPECT_EQ(run.fetch(0).as<double>()[1], 40);
  EXPECT_EQ(run.fetch(1).as<double>()[0], 10);
  const void* at = run.fetch(0).data;
  mine = {3, 4};
  run();
  EXPECT_EQ(run.fetch(0).as<double>()[1], 80);
  EXPECT_EQ(run.fetch(0).data, at);
  EXPECT_EQ(thrown<ArgumentError>([&] { run.fetch(2); }),
            "fetch: there is no result 2; the function has 2 fetches");
  BoundRun moved = std::move(run);
  moved();
  EXPECT_EQ(moved.fetch(0).as<double>()[0], 30);
  EXPECT_EQ(thrown<ArgumentError>([&] { run(); }),  // NOLINT(bugprone-use-after-move)
            "this BoundRun is empty: it has been moved from");
}

// ---- threads

// Handing a step to another thread takes longer than computing a few elements.
TEST(Compile, KeepsTinyStepsOnOneThread) {
  Runtime two({.threads = 2});
  const auto text = [&](std::int64_t elements) {
    Graph g;
    std::vector<Value> layer(16, g.input("x", {f64, {elements}}));
    for (int depth = 0; depth < 300; ++depth)
      for (Value& x : layer) x = tanh(x) * 1.5;
    return compile(layer, {.runtime = &two, .passes = {}}).text();
  };
  EXPECT_NE(text(4).find("in order on the caller's thread"), std::string::npos);
  EXPECT_NE(text(1000).find("up to 2 threads"), std::string::npos);
}

// ---- errors

TEST(Compile, RefusesNonsense) {
  Graph g, other;
  const Value x = g.input("x", pair), y = other.input("y", pair).named("y");
  const Value w = g.parameter("w", one_two);
  EXPECT_EQ(mistake<ArgumentError>([&] { compile({x}, {.threads = -1}); }),
            "compile: threads must be at least 1, or 0 for the whole pool, got -1");
  EXPECT_EQ(mistake<ArgumentError>([&] { compile({}); }),
            "compile: there is nothing to compute: no fetches and no updates are given");
  EXPECT_EQ(mistake<GraphError>([&] {
              compile({x, y});
            }),
            "compile: 'y' belongs to another graph than 'x'");
  EXPECT_EQ(mistake<GraphError>([&] {
              compile({}, {.update = {{x, x}}});
            }),
            "update: 'x' is not a parameter");
  EXPECT_EQ(mistake<GraphError>([&] {
              compile({}, {.update = {{w, x}, {w, w}}});
            }),
            "update: parameter 'w' is updated twice, with 'x' and with 'w'");
  compile({}, {.update = {{w, x}, {w, x}}});  // the same update, as of a counter that two share
  EXPECT_EQ(mistake<ShapeError>([&] {
              compile({}, {.update = {{w, g.input("s", {f64, {3}})}}});
            }),
            "update: parameter 'w' is float64[2], but its next value 's' is float64[3]");
  EXPECT_EQ(mistake<TypeError>([&] {
              compile({}, {.update = {{w, g.input("i", {i64, {2}})}}});
            }),
            "update: parameter 'w' is float64[2], but its next value 'i' is int64[2]");
  EXPECT_NE(mistake<GraphError>([&] { compile({Value()}); }), "nothing was thrown");
  EXPECT_EQ(mistake<ArgumentError>([&] { Function()(); }),
            "this Function is empty: make one with compile");
}

TEST(Feeds, InBracesAreHandlesNamesTemporariesOrFeeds) {
  Graph g;
  const Value x = g.input("x", pair), y = g.input("y", pair);
  const Function f = compile({x + y, x}, {.passes = {}});
  const Feed fed("y", one_two);
  for (int run = 0; run < 3; ++run) {
    EXPECT_EQ(numbers(f({{x, one_two}, {"y", Tensor::of({3.0, 4.0})}})[0]), (Numbers{4, 6}));
    EXPECT_EQ(numbers(f({{"x", Tensor::of({5.0, 6.0})}, fed})[0]), (Numbers{6, 8}));
  }
  std::vector<Tensor> kept = f({{x, Tensor::of({7.0, 8.0})}, fed});
  static_cast<void>(f({{x, one_two}, fed}));
  EXPECT_EQ(numbers(kept[0]), (Numbers{8, 10})) << "a result that is kept is not overwritten";
  EXPECT_EQ(numbers(kept[1]), (Numbers{7, 8}));
  EXPECT_TRUE(thrown<ArgumentError>([&] {
                f({{x, one_two}, {"x", one_two}});
              }).starts_with("input 'x' is fed twice"));
}

}  // namespace
