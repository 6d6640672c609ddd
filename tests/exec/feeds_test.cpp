#include <dagrad/compile.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/reduce.hpp"
#include "tests/exec/test_ops.hpp"
#include "tests/throws.hpp"

/// What functions are fed with, and what may stand in a call.
namespace {

using namespace dagrad;
using namespace dagrad::test;
using Numbers = std::vector<double>;

Numbers numbers(const Tensor& t) { return t.to_vector<double>(); }

const Tensor one_two = Tensor::of({1.0, 2.0});
const Type pair{f64, {2}};

TEST(Feeds, AreFoundByNameInAnyOrder) {
  Graph g;
  Feeds feeds;
  Value sum;
  const std::vector<std::string> names{"b", "a", "d/a", "c", "aa", "B", "ß"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Value digit = g.input(names[i], {f64, {}}) * std::pow(10.0, static_cast<double>(i));
    sum = i == 0 ? digit : sum + digit;
    feeds.emplace_back(names[i], Tensor(static_cast<double>(i + 1)));
  }
  std::rotate(feeds.begin(), feeds.begin() + 3, feeds.end());
  EXPECT_EQ(compile({sum})(feeds)[0].item<double>(), 7654321);
  EXPECT_EQ(mistake<ArgumentError>([&] {
              compile({sum})({{"a\xff", Tensor(1.0)}});
            }),
            "'a\\xff' is not an input of this function, whose inputs are: b, a, d/a, c, aa, B, ß");
}

TEST(Feeds, AreChecked) {
  Graph g, other;
  const Value x = g.input("x", pair), y = g.input("y", pair);
  const Value z = (x + y).named("z");
  const Function f = compile({z});
  EXPECT_EQ(mistake<ArgumentError>([&] { f(); }), "these inputs were not fed: x, y");
  EXPECT_EQ(mistake<ArgumentError>([&] { f({{y, one_two}}); }), "these inputs were not fed: x");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              f({{x, one_two}, {"x", one_two}});
            }),
            "input 'x' is fed twice");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              f({{"nonsense", one_two}});
            }),
            "'nonsense' is not an input of this function, whose inputs are: x, y");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              f({{z, one_two}});
            }),
            "'z' is not an input of this function, whose inputs are: x, y");
  EXPECT_EQ(mistake<GraphError>([&] {
              f({{other.input("x", pair), one_two}});
            }),
            "'x' belongs to another graph than this function: map it to the function's graph, or "
            "give the "
            "name of the input");
  EXPECT_EQ(mistake<ShapeError>([&] {
              f({{x, Tensor::of({1.0})}});
            }),
            "input 'x' must be float64[2], got float64[1]");
  EXPECT_EQ(
      mistake<TypeError>([&] {
        f({{x, Tensor::of({1, 2})}});
      }),
      "input 'x' must be float64[2], got int32[2]; make it with Tensor::of<double>, or convert it "
      "with cast");
  BoundRun run = f.bind();
  EXPECT_EQ(mistake<GraphError>([&] { run.feed(Value(), one_two); }),
            "this Value is empty: a default-constructed Value belongs to no graph");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              run.feed(x, View{nullptr, pair});
            }),
            "input 'x': the data of the view is null");
  alignas(8) const std::array<char, 24> bytes{};
  EXPECT_EQ(mistake<ArgumentError>([&] {
              run.feed("x", View{bytes.data() + 1, pair});
            }),
            "input 'x': the data of the view is not aligned to an element");
  EXPECT_EQ(numbers(f({{x, one_two}, {y, one_two}})[0]), (Numbers{2, 4})) << "after all that";
}

TEST(Feeds, SayHowToMakeTheDtype) {
  Graph g;
  const auto refused = [&](DType dtype, const Tensor& tensor) {
    const Value x = g.input("x", {dtype, {}}).named("x_" + std::to_string(g.size()));
    const std::string text = mistake<TypeError>([&] { evaluate(x, {{x, tensor}}); });
    return text.substr(text.find(';'));
  };
  const auto made_with = [](const std::string& type) {
    return "; make it with Tensor::of<" + type + ">, or convert it with cast";
  };
  EXPECT_EQ(refused(f64, Tensor(1.0F)), made_with("double"));
  EXPECT_EQ(refused(f32, Tensor(1.0)), made_with("float"));
  EXPECT_EQ(refused(i64, Tensor(1)), made_with("std::int64_t"));
  EXPECT_EQ(refused(i32, Tensor(1.0)), made_with("std::int32_t"));
  EXPECT_EQ(refused(b8, Tensor(1)), made_with("bool"));
  EXPECT_EQ(refused(f16, Tensor(1.0F)), "; convert it with cast");
}

TEST(Feeds, OfInputsThatAreNotNeededAreTaken) {
  Graph g;
  const Value x = g.input("x", pair), y = g.input("y", pair), s = g.input("s", {f64, {}});
  EXPECT_EQ(numbers(evaluate(gradient(sum(3 * x), x), {{x, one_two}})), (Numbers{3, 3}));
  const Function f = compile(y * 2);
  EXPECT_EQ(f.input_names(), std::vector<std::string>{"y"});
  EXPECT_EQ(numbers(f({{s, Tensor(1.0)}, {y, one_two}, {"x", one_two}})[0]), (Numbers{2, 4}));
  EXPECT_EQ(numbers(f({{y, one_two}})[0]), (Numbers{2, 4})) << "nor must they be fed again";
  EXPECT_EQ(mistake<TypeError>([&] {
              f({{y, one_two}, {x, Tensor::of({1.0F, 2.0F})}});
            }),
            "input 'x' must be float64[2], got float32[2]; make it with Tensor::of<double>, or "
            "convert it with cast");
  EXPECT_EQ(mistake<ShapeError>([&] {
              f({{y, one_two}, {"s", one_two}});
            }),
            "input 's' must be float64[], got float64[2]");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              f({{x, one_two}, {x, one_two}});
            }),
            "input 'x' is fed twice");
  EXPECT_EQ(mistake<ArgumentError>([&] { f({{x, one_two}}); }), "these inputs were not fed: y");
  BoundRun run = f.bind();
  run.feed(x, one_two);
  run.feed("y", one_two);
  run();
  EXPECT_EQ(run.fetch(0).as<double>()[1], 4);
  const Value later = g.input("later", pair);
  EXPECT_EQ(mistake<ArgumentError>([&] {
              f({{y, one_two}, {later, one_two}});
            }),
            "'later' is not an input of this function, whose inputs are: y");
}

TEST(Feeds, OfInputsThatAreNotNeededAreKnownWithoutTheirGraph) {
  Function f;
  Value x, y;
  {
    Graph g;
    x = g.input("x", pair);
    for (int i = 0; i < 3; ++i) g.input("between" + std::to_string(i), pair);
    y = g.input("y", pair);
    f = compile(x + 1);
  }
  EXPECT_EQ(numbers(f({{y, one_two}, {x, one_two}, {"between1", one_two}})[0]), (Numbers{2, 3}));
}

TEST(Feeds, OfTheOnlyInput) {
  Graph g;
  const Value x = g.input("x", pair), p = g.parameter("p", one_two);
  State state(g);
  const State& constant = state;
  const Function f = compile(x * p);
  EXPECT_EQ(numbers(f(one_two)[0]), (Numbers{1, 4}));
  EXPECT_EQ(numbers(f(state, one_two)[0]), (Numbers{1, 4}));
  EXPECT_EQ(numbers(f(constant, Tensor::of({1.0, 0.5}))[0]), (Numbers{1, 1}));
  EXPECT_EQ(numbers(compile(p)(one_two)[0]), (Numbers{1, 2})) << "it does not need the input";
  EXPECT_EQ(mistake<ShapeError>([&] { f(Tensor(1.0)); }),
            "input 'x' must be float64[2], got float64[]");
  const Value y = g.input("y", pair);
  EXPECT_EQ(numbers(compile(y * p)(one_two)[0]), (Numbers{1, 4})) << "it needs but one";
  EXPECT_EQ(mistake<ArgumentError>([&] { compile(x + y)(one_two); }),
            "this function has 2 inputs, x, y: feed them by handle or by name");
  EXPECT_EQ(mistake<ArgumentError>([&] { compile(p)(one_two); }),
            "this function has 2 inputs, x, y: feed them by handle or by name");
  Graph none;
  EXPECT_EQ(mistake<ArgumentError>([&] { compile(none.constant(one_two))(one_two); }),
            "this function has no input");
}

// ---- overloads

TEST(Overloads, FetchesAreAValueBracesOrARange) {
  Graph g;
  const Value x = g.input("x", pair), y = g.input("y", pair);
  const std::vector<Value> list{x, y};
  const std::array<Value, 2> array{x, y};
  const Value plain[] = {x, y};
  const std::span<const Value> span(list);
  EXPECT_EQ(compile(x).fetch_types().size(), 1U);
  EXPECT_EQ(compile({x}).fetch_types().size(), 1U);
  for (const Function& f : {compile({x, y}), compile(list), compile(array), compile(plain),
                            compile(span), compile({x, y}, {.threads = 1}), compile({&list[0], 2})})
    EXPECT_EQ(f.fetch_types().size(), 2U);
  const Feeds feeds{{x, one_two}, {y, one_two}};
  EXPECT_EQ(numbers(evaluate(x + y, feeds)), (Numbers{2, 4}));
  EXPECT_EQ(numbers(evaluate({x + y, x}, feeds)[1]), (Numbers{1, 2}));
  for (const std::vector<Tensor>& r : {evaluate({x, y}, feeds), evaluate(list, feeds),
                                       evaluate(array, feeds), evaluate(span, feeds)})
    EXPECT_EQ(r.size(), 2U);
  EXPECT_EQ(evaluate({x}, feeds).size(), 1U) << "braces are a list";
}

TEST(Overloads, FeedsAreBracesATensorOrNothing) {
  Graph g;
  const Value x = g.input("x", pair);
  const Function f = compile(x), none = compile(g.constant(one_two));
  State state(g);
  for (const std::vector<Tensor>& r :
       {f({{x, one_two}}), f({{"x", one_two}}), f(one_two), f(state, one_two),
        f(state, {{x, one_two}}), f(one_two, {.deadline = {}}), none(), none({}), none(state),
        none(state, {}), none({}, {.deadline = {}})})
    EXPECT_EQ(numbers(r[0]), (Numbers{1, 2}));
}

}  // namespace
