#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/index.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/logic.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/order.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/optimizers.hpp"
#include "dagrad/random.hpp"
#include "tests/exec/test_ops.hpp"

/// How a run that is compiled with `check_finite` notices a value that is not finite, and finds the
/// node that made it (src/exec/finite.hpp).
namespace dagrad::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The node that stops a run; empty if none does.
template <class Run>
std::string stopped_at(Run&& run) {
  try {
    run();
  } catch (const RunError& error) {
    return error.node();
  }
  return "";
}

/// Copies its operand, and writes the bits of an infinity over its last element if told to.
struct WriteInfinity {
  static constexpr auto name = "write_infinity";
  static constexpr no_grad grad{"only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    const auto from = c.in<double>(0);
    const auto to = c.out<double>();
    std::copy(from.begin(), from.end(), to.begin());
    if (from[0] > 1) to.back() = infinity;
  }
};

struct InfiniteBelowZero {
  static constexpr auto name = "infinite_below_zero";
  template <class T>
  T operator()(T x) const {
    return select(x < 0, infinity, x);
  }
};

/// 1 / x, computed by the threads of the pool, one element each.
struct DividedAmongThreads {
  static constexpr auto name = "divided_among_threads";
  static constexpr no_grad grad{"only for tests"};
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const { return in[0]; }
  double cost(const PlanContext&) const { return 1e6; }
  void eval(const EvalContext& c) const {
    const auto from = c.in<double>(0);
    const auto to = c.out<double>();
    c.parallel(static_cast<std::int64_t>(from.size()), [&](std::int64_t i) {
      const auto at = static_cast<std::size_t>(i);
      for (int again = 0; again < 1000; ++again) {
        const volatile double x = from[at];
        to[at] = 1 / x;
      }
    });
  }
};

TEST(FiniteSearch, FindsWhatLaterNodesAbsorb) {
  Graph g;
  const Value x = g.input("x", {f64, {3}}), one = g.constant(Tensor::of({1.0, 1.0, 1.0}));
  const Value made = (1.0 / x).named("made"), negative = (-1.0 / abs(x)).named("negative");
  const std::vector<std::pair<std::string, Value>> absorbing{
      {"where", where(not_equal(x, 0.0), made, 1.0)},
      {"relu", relu(negative)},
      {"maximum", maximum(negative, one)},
      {"minimum", minimum(made, one)},
      {"comparison", greater(made, 1.0)},
      {"division", one / made},
      {"exp", exp(negative)},
      {"tanh", tanh(made)},
      {"argmax", argmax(made)},
      {"max", max(negative)},
      {"topk", topk(negative, 1).values},
      {"clamp", clamp(made, -1.0, 1.0)},
      {"sign", sign(made)},
      {"cast", cast(made, b8)},
      {"take", take(made, g.constant(Tensor::of<std::int64_t>({0})), 0)}};
  for (const auto& [how, y] : absorbing) {
    const Function f = compile(y, {.check_finite = true, .passes = {}});
    EXPECT_EQ(stopped_at([&] { f(Tensor::of({1.0, 2.0, -4.0})); }), "") << how;
    const std::string stop = stopped_at([&] { f(Tensor::of({1.0, 0.0, -4.0})); });
    EXPECT_TRUE(stop == "made" || stop == "negative") << how << ": " << stop;
  }
}

TEST(FiniteSearch, FindsTheFirstOfSeveralNodesWhoseOperandsWereOverwritten) {
  Graph g;
  const Value x = g.input("x", {f32, {1000}});
  Value y = (x + 1.0F).named("start");
  for (int i = 0; i < 5; ++i) y = (y * y).named("square" + std::to_string(i));
  const Function f = compile(sum(y), {.check_finite = true, .passes = {}});
  const Function plain = compile(sum(y), {.passes = {}});
  EXPECT_EQ(f.peak_bytes(), plain.peak_bytes());
  const auto full = [](float value) { return Tensor::full({f32, {1000}}, value); };
  EXPECT_TRUE(same_bits(f(full(0.5F))[0], plain(full(0.5F))[0]));
  for (int again = 0; again < 3; ++again) {
    try {
      f(full(1e12F));
      ADD_FAILURE() << "it was not stopped";
    } catch (const RunError& error) {
      EXPECT_EQ(error.node(), "square1");
      EXPECT_EQ(std::string(error.what()),
                "mul: the result, float32[1000], is not finite although all operands are: it has "
                "inf at [0]\n  operand 0, float32[1000], is from 1e+24 to 1e+24\n  operand 1, "
                "float32[1000], is from 1e+24 to 1e+24\n  node 'square1', made at " +
                    to_string(error.where()));
    }
    EXPECT_TRUE(same_bits(f(full(0.5F))[0], plain(full(0.5F))[0]));
  }
}

TEST(FiniteSearch, FindsInfinitiesThatNoArithmeticMade) {
  Graph g;
  const Value x = g.input("x", {f64, {2}});
  const Value y = apply(WriteInfinity{}, {x * 1.0}).named("written");
  const Function f = compile(minimum(y, 0.0), {.check_finite = true});
  EXPECT_EQ(stopped_at([&] { f(Tensor::of({1.0, 2.0})); }), "");
  EXPECT_EQ(stopped_at([&] { f(Tensor::of({2.0, 2.0})); }), "written");
}

TEST(FiniteSearch, FindsInfinitiesOfFormulasAndOfRounding) {
  Graph g;
  const Value x = g.input("x", {f64, {2}});
  const Value y = apply(InfiniteBelowZero{}, {x}).named("formula");
  const Function f = compile(minimum(y, 0.0), {.check_finite = true, .passes = {}});
  EXPECT_EQ(stopped_at([&] { f(Tensor::of({1.0, 2.0})); }), "");
  EXPECT_EQ(stopped_at([&] { f(Tensor::of({1.0, -2.0})); }), "formula");
  for (const DType dtype : {f16, bf16}) {
    const std::string text(name(dtype));
    const Value narrow = g.input(text, {dtype, {100}});
    const double largest = dtype == f16 ? 65504 : std::ldexp(255.0, 120),
                 half_a_step = dtype == f16 ? 16 : std::ldexp(1.0, 119);
    const Value rounded = (narrow + half_a_step).named(text + "_rounded");
    const Function h = compile(rounded, {.check_finite = true});
    const auto full = [&](double value) { return Tensor::full({dtype, {100}}, value); };
    EXPECT_EQ(stopped_at([&] { h(full(largest / 2)); }), "");
    EXPECT_EQ(stopped_at([&] { h(full(largest)); }), text + "_rounded") << "finite in float32";
  }
}

TEST(FiniteSearch, FindsThemWhereAnEarlierErrorIsTheirConsequence) {
  Graph g;
  const Value x = g.input("x", {f64, {2}}), table = g.constant(Tensor::of({1.0, 2.0}));
  const Value made = (1.0 / x).named("made");
  const Function f = compile({take(table, cast(made, i64), 0), sum(made)}, {.check_finite = true});
  EXPECT_EQ(stopped_at([&] { f(Tensor::of({1.0, 1.0})); }), "");
  EXPECT_EQ(stopped_at([&] { f(Tensor::of({1.0, 0.0})); }), "made");
  EXPECT_EQ(stopped_at([&] { f(Tensor::of({0.1, 1.0})); }), "take") << "an error of its own";
}

TEST(FiniteSearch, SeesFlagsThatOtherThreadsRaise) {
  Runtime runtime({.threads = 4});
  Graph g;
  const Value x = g.input("x", {f64, {64}});
  const Value y = apply(DividedAmongThreads{}, {x}).named("y");
  const Function f = compile(minimum(y, 1.0), {.runtime = &runtime, .check_finite = true});
  for (std::size_t at = 0; at < 64; ++at) {
    std::vector<double> values(64, 2.0);
    EXPECT_EQ(stopped_at([&] { f(Tensor({64}, values)); }), "");
    values[at] = 0;
    EXPECT_EQ(stopped_at([&] { f(Tensor({64}, values)); }), "y") << at;
  }
}

TEST(FiniteSearch, LeavesTheFlagsOfTheCaller) {
  Graph g;
  const Value x = g.input("x", {f64, {3}});
  const Function f = compile(1.0 / x, {.threads = 1, .check_finite = true});
  std::feclearexcept(FE_ALL_EXCEPT);
  f(Tensor::of({1.0, 2.0, 4.0}));
  EXPECT_EQ(std::fetestexcept(FE_OVERFLOW | FE_INVALID), 0);
  std::feraiseexcept(FE_OVERFLOW);
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(stopped_at([&] { f(Tensor::of({1.0, 2.0, 4.0})); }), "");
    EXPECT_NE(std::fetestexcept(FE_OVERFLOW), 0);
    EXPECT_EQ(stopped_at([&] { f(Tensor::of({1.0, 0.0, 4.0})); }), "div");
    EXPECT_NE(std::fetestexcept(FE_OVERFLOW), 0);
  }
  std::feclearexcept(FE_ALL_EXCEPT);
}

TEST(FiniteSearch, GoesOnWithInfinitiesThatWereFed) {
  Graph g;
  const Value x = g.input("x", {f64, {3}}), p = g.parameter("p", Tensor::of({1.0, 2.0, 3.0}));
  const Value y = log(exp(x) + p).named("y"), next = p * 0.5;
  const std::vector<Value> fetches{y, x, p, next};
  const Function f = compile(fetches, {.update = {{p, next}}, .check_finite = true}),
                 plain = compile(fetches, {.update = {{p, next}}});
  State state(g), same(g);
  BoundRun run = f.bind(state), plain_run = plain.bind(same);
  for (int i = 0; i < 250; ++i) {  // beyond the runs that search from the start
    const Tensor data = i % 7 == 0 ? Tensor::of({infinity, -infinity, 1.0 * i})
                                   : Tensor::of({-1.0, 1.0, 1.0 * i / 250});
    run.feed(x, data);
    plain_run.feed(x, data);
    run();
    plain_run();
    for (std::size_t k = 0; k < fetches.size(); ++k)
      for (std::size_t at = 0; at < 3; ++at)
        ASSERT_EQ(run.fetch(k).as<double>()[at], plain_run.fetch(k).as<double>()[at]) << i;
    ASSERT_TRUE(same_bits(state.get(p), same.get(p)));
    const auto results = f(state, data), expected = plain(same, data);
    for (std::size_t k = 0; k < fetches.size(); ++k)
      ASSERT_TRUE(same_bits(results[k], expected[k])) << i << " " << k;
    if (i % 50 == 0) {
      run.feed(x, Tensor::of({-1.0, 0.0, 800.0}));
      EXPECT_EQ(stopped_at([&] { run(); }), "exp") << "at 800";
      EXPECT_THROW(run.fetch(0), ArgumentError);
      ASSERT_TRUE(same_bits(state.get(p), same.get(p)));
    }
  }
}

TEST(FiniteSearch, TrainsWithTheSameBits) {
  for (const int threads : {1, 4}) {
    Runtime runtime({.threads = threads});
    Graph g;
    Rng rng(1);
    const Value x = g.input("x", {f32, {64, 100}}),
                w = g.parameter("w", rng.normal({100, 300}, 0, 0.1, f32)),
                v = g.parameter("v", rng.normal({300, 10}, 0, 0.1, f32));
    const Value hidden = relu(matmul(x, w)).named("hidden");
    const Value loss = mean(square(matmul(hidden, v)));
    const auto update = adam(std::vector{w, v}, gradient(loss, std::vector{w, v}), 0.01);
    const Function plain = compile(loss, {.update = update, .runtime = &runtime}),
                   checked =
                       compile(loss, {.update = update, .runtime = &runtime, .check_finite = true});
    State a(g), b(g);
    for (int i = 0; i < 5; ++i) {
      const Tensor data = rng.normal({64, 100}, 0, 1, f32);
      EXPECT_TRUE(same_bits(plain(a, data)[0], checked(b, data)[0]));
      EXPECT_NE(stopped_at([&] { checked(b, Tensor::full({f32, {64, 100}}, 3e38)); }), "");
    }
    for (const std::string& name : a.names()) EXPECT_TRUE(same_bits(a.get(name), b.get(name)));
  }
}

TEST(FiniteSearch, RepeatsNoEffects) {
  Graph g;
  const Value x = g.input("x", {f64, {2}});
  const auto observer = std::make_shared<Observer>();
  std::vector<std::string> started;
  observer->start = [&](const NodeEvent& event) { started.emplace_back(event.node); };
  const Value y = log((x * 2.0).named("twice")).named("y");
  const Function f = compile(sum(y), {.threads = 1, .observer = observer, .check_finite = true});
  EXPECT_EQ(stopped_at([&] { f(Tensor::of({1.0, -1.0})); }), "y");
  EXPECT_EQ(started, (std::vector<std::string>{"twice", "y"}));
  started.clear();
  f(Tensor::of({infinity, 1.0}));
  EXPECT_EQ(started.size(), 3U);
}

TEST(FiniteSearch, CanBeCancelled) {
  Graph g;
  const Value x = g.input("x", {f64, {2}});
  CancelToken token;
  const Value y = hook(log(x), [&] { token.cancel(); });
  const Function f = compile(y * 2.0, {.threads = 1, .check_finite = true});
  EXPECT_EQ(stopped_at([&] { f(Tensor::of({1.0, 1.0}), {.cancel = token}); }), "mul");
  token.reset();
  EXPECT_EQ(stopped_at([&] { f(Tensor::of({1.0, -1.0}), {.cancel = token}); }), "log");
}

}  // namespace
}  // namespace dagrad::test
