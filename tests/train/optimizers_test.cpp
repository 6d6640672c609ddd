#include "dagrad/optimizers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/structural.hpp"
#include "tests/golden/golden.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using Numbers = std::vector<double>;
using Values = std::vector<Value>;

std::vector<Update> updates_of(const golden::OptimizerCase& golden, const Values& parameters,
                               const Values& gradients, const Value& rate) {
  const auto option = [&](const char* name, double fallback) {
    const auto at = golden.options.find(name);
    return at == golden.options.end() ? fallback : at->second;
  };
  const double epsilon = option("epsilon", 1e-8), momentum = option("momentum", 0),
               beta1 = option("beta1", 0.9), beta2 = option("beta2", 0.999);
  if (golden.optimizer == "sgd")
    return sgd(parameters, gradients, rate, {momentum, option("nesterov", 0) != 0});
  if (golden.optimizer == "adam") return adam(parameters, gradients, rate, {beta1, beta2, epsilon});
  if (golden.optimizer == "adamw")
    return adamw(parameters, gradients, rate,
                 {option("weight_decay", 0.01), beta1, beta2, epsilon});
  if (golden.optimizer == "adagrad")
    return adagrad(parameters, gradients, rate, {option("epsilon", 1e-10)});
  if (golden.optimizer == "lamb")
    return lamb(parameters, gradients, rate,
                {option("weight_decay", 0.01), beta1, beta2, option("epsilon", 1e-6)});
  EXPECT_EQ(golden.optimizer, "rmsprop");
  return rmsprop(parameters, gradients, rate,
                 {option("decay", 0.99), epsilon, momentum, option("centred", 0) != 0});
}

Tensor tensor(const Numbers& numbers, DType dtype) {
  return Tensor({static_cast<std::int64_t>(numbers.size())}, numbers).cast(dtype);
}

/// Those of PyTorch, and those of formulas in NumPy.
const std::vector<golden::Optimizers>& goldens() {
  static const std::vector<golden::Optimizers> both{
      golden::read_optimizers(), golden::read_optimizers("optimizers_numpy.json")};
  return both;
}

class GoldenSteps : public testing::TestWithParam<std::pair<std::size_t, std::size_t>> {};

TEST_P(GoldenSteps, AreFollowed) {
  const golden::Optimizers& file = goldens()[GetParam().first];
  const golden::OptimizerCase& golden = file.cases[GetParam().second];
  const DType dtype = golden.dtype == "float32" ? f32 : f64;
  // The rounding of 20 steps; adam turns the smallest gradients into much larger steps.
  const double bound = dtype == f32 ? 2e-6 : 1e-12;
  Graph graph;
  Values parameters, gradients;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string name(1, "pq"[i]);
    parameters.push_back(graph.parameter(name, tensor(file.initial[i], dtype)));
    gradients.push_back(graph.input("d" + name, parameters[i].type()));
  }
  const Value rate = graph.input("rate", {f64, {}});
  const Function step = compile({}, {.update = updates_of(golden, parameters, gradients, rate)});
  State state(graph);
  for (std::size_t t = 0; t < golden.rates.size(); ++t) {
    const auto& now = file.gradients[t];
    step(state, {{gradients[0], tensor(now[0], dtype)},
                 {gradients[1], tensor(now[1], dtype)},
                 {rate, Tensor(golden.rates[t])}});
    for (std::size_t i = 0; i < 2; ++i) {
      const auto difference = compare(state.get(parameters[i]).cast(f64),
                                      tensor(golden.parameters[t][i], f64), bound, bound);
      EXPECT_TRUE(difference.close) << golden.optimizer << " step " << t << difference.text;
    }
  }
  for (const auto& [name, values] : golden.state) {
    const auto difference = compare(state.get(name).cast(f64), tensor(values, f64), bound, bound);
    EXPECT_TRUE(difference.close) << name << difference.text;
  }
  std::size_t counters = 0;
  for (const std::string& name : state.names()) counters += name.ends_with("/step");
  EXPECT_EQ(state.names().size(), 2 + golden.state.size() + counters) << "no other state";
}

std::vector<std::pair<std::size_t, std::size_t>> cases(std::size_t file, std::size_t count) {
  std::vector<std::pair<std::size_t, std::size_t>> all;
  for (std::size_t i = 0; i < count; ++i) all.emplace_back(file, i);
  return all;
}
INSTANTIATE_TEST_SUITE_P(Torch, GoldenSteps, testing::ValuesIn(cases(0, 28)));
INSTANTIATE_TEST_SUITE_P(NumPy, GoldenSteps, testing::ValuesIn(cases(1, 11)));
TEST(GoldenStepsFiles, AreReadCompletely) {
  EXPECT_EQ(goldens()[0].cases.size(), 28U);
  EXPECT_EQ(goldens()[1].cases.size(), 11U);
}

class OptimizersTest : public testing::Test {
 protected:
  Graph g;
  const Value p = g.parameter("p", Tensor::of({1.0, 2.0})),
              q = g.parameter("q", Tensor::of({5.0, 6.0}));
  const Value x = g.input("x", {f64, {2}});
  const Values one{p}, two{p, q};
};

TEST_F(OptimizersTest, SgdGoesDown) {
  const Function f = compile({}, {.update = sgd(two, Values{p * 2, q + x}, 0.5), .passes = {}});
  EXPECT_EQ(f.nodes(), 4U);
  State s(g);
  f(s, {{x, Tensor::of({1.0, 2.0})}});
  EXPECT_EQ(s.get(p).to_vector<double>(), (Numbers{0, 0}));
  EXPECT_EQ(s.get(q).to_vector<double>(), (Numbers{2, 2}));
}

TEST_F(OptimizersTest, AddOneNodePerParameterAndShareTheRest) {
  const auto nodes = [&](const std::vector<Update>& updates) {
    return compile({}, {.update = updates, .passes = {}}).nodes();
  };
  const Values both{x, x};
  EXPECT_EQ(nodes(rmsprop(two, both, 0.1, {.momentum = 0.5, .centred = true})), 2U);
  const std::size_t single = nodes(adam(one, Values{x}, 0.1, {.step = step_counter(g)}));
  Graph other;
  const Value a = other.parameter("a", Tensor(1.0)), b = other.parameter("b", Tensor(1.0));
  EXPECT_EQ(nodes(adam({a, b}, {a * 1.0, b * 1.0}, 0.1, {.step = step_counter(other)})),
            single + 3);
}

TEST_F(OptimizersTest, NameTheParametersTheyAdd) {
  const auto names = [](const std::vector<Update>& updates) {
    std::vector<std::string> all;
    for (const Update& update : updates) all.push_back(update.parameter.name());
    return all;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(sgd(one, Values{x}, 0.1, {.momentum = 0.5})), (Names{"p", "p/velocity"}));
  EXPECT_EQ(names(adam(one, Values{x}, 0.1)),
            (Names{"adam/step", "p", "p/first_moment", "p/second_moment"}));
  EXPECT_EQ(names(rmsprop(Values{q}, Values{x}, 0.1, {.momentum = 0.5, .centred = true})),
            (Names{"q", "q/square", "q/mean", "q/velocity"}));
  try {
    adamw(one, Values{x}, 0.1);
    FAIL();
  } catch (const GraphError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("the name \"p/first_moment\" is taken"));
  }
  EXPECT_TRUE(sgd({}, {}, 0.1).empty());
  EXPECT_TRUE(adam({}, {}, 0.1).empty());
}

TEST_F(OptimizersTest, ARateMayBeAnExpressionOfAStepCounter) {
  const Advancing step = step_counter(g);
  const Value rate = pow(0.5, cast(step.now, f64));
  const Function f = compile({rate}, {.update = join({sgd(one, Values{x}, rate), {step.update}})});
  State s(g);
  for (const double wanted : {1.0, 0.5, 0.25})
    EXPECT_EQ(f(s, {{x, Tensor::of({1.0, 0.0})}})[0].item<double>(), wanted);
  EXPECT_EQ(s.get("step").item<std::int64_t>(), 3);
  EXPECT_EQ(s.get(p).to_vector<double>(), (Numbers{1 - 1.75, 2}));
}

TEST_F(OptimizersTest, AdamAdvancesTheStepCounterThatItIsGiven) {
  const Advancing step = step_counter(g);
  Graph other;
  const Value p2 = other.parameter("p", Tensor::of({1.0, 2.0})), x2 = other.input("x", x.type());
  const std::vector<Update> updates = adam(p, x, 0.1, {.step = step});
  const Function shared = compile({}, {.update = updates}),
                 listed_twice = compile({}, {.update = join({updates, {step.update}})}),
                 own = compile({}, {.update = adam(p2, x2, 0.1)});
  State a(g), b(other), c(g);
  const Tensor slope = Tensor::of({1.0, -2.0});
  for (int i = 0; i < 3; ++i) {
    shared(a, slope);
    own(b, slope);
    listed_twice(c, slope);
    EXPECT_TRUE(same_bits(a.get("p"), b.get("p")));
    EXPECT_TRUE(same_bits(a.get("p"), c.get("p")));
  }
  for (const auto& [state, name] : {std::pair(&a, "step"), {&b, "adam/step"}, {&c, "step"}})
    EXPECT_EQ(state->get(name).item<std::int64_t>(), 3);
}

TEST_F(OptimizersTest, TwoOptimisersMayShareAStepCounter) {
  const Advancing step = step_counter(g);
  const Function f = compile(
      {}, {.update = join({adam(p, x, 0.1, {.step = step}), adamw(q, x, 0.1, {.step = step})})});
  State s(g);
  for (int i = 1; i <= 3; ++i) {
    f(s, Tensor::of({1.0, 1.0}));
    EXPECT_EQ(s.get("step").item<std::int64_t>(), i);
  }
}

TEST_F(OptimizersTest, TakeOneValueBracesOrARange) {
  const Value dp = gradient(sum(p * x), p);
  const std::vector<Value> list{p}, slopes{dp};
  for (const auto& updates : {sgd(p, dp, 0.1), sgd({p}, {dp}, 0.1), sgd(list, slopes, 0.1),
                              sgd(std::span<const Value>(list), dp, 0.1)})
    EXPECT_EQ(updates.size(), 1U);
  EXPECT_EQ(clip_by_value({dp, dp}, -1, 1).size(), 2U);
  EXPECT_EQ(clip_by_global_norm(dp, 1.0).gradients.size(), 1U);
}

TEST_F(OptimizersTest, TrainsBothDtypesWithOneRate) {
  const Value narrow = g.parameter("narrow", Tensor::of({1.0F, 2.0F}));
  const Value dnarrow = g.input("dnarrow", narrow.type());
  const Value rate = g.input("rate", {f32, {}});
  for (const auto& updates : {sgd(Values{p, narrow}, Values{x, dnarrow}, rate),
                              adamw(Values{p, narrow}, Values{x, dnarrow}, rate)}) {
    State s(g);
    compile({}, {.update = updates})(
        s,
        {{x, Tensor::of({1.0, 1.0})}, {dnarrow, Tensor::of({1.0F, 1.0F})}, {rate, Tensor(0.25F)}});
    EXPECT_NEAR(s.get(p).at(0), 0.75, 0.01);
    EXPECT_NEAR(s.get("narrow").at(1), s.get(p).at(1), 1e-6);
  }
}

TEST_F(OptimizersTest, CentredRmspropStaysFiniteIfTheVarianceRoundsBelowZero) {
  const Function f =
      compile({}, {.update = rmsprop(one, Values{x}, 1e-6, {.decay = 0.5, .centred = true})});
  State s(g);
  for (int i = 0; i < 200; ++i) f(s, {{x, Tensor::of({0.1, 1.0 / 3})}});
  for (const double value : s.get(p).to_vector<double>()) EXPECT_TRUE(std::isfinite(value));
}

TEST_F(OptimizersTest, LambTakesPlainStepsWhereThereIsNoNorm) {
  const Value zero = g.parameter("zero", Tensor::of({0.0, 0.0})),
              none = g.parameter("none", Tensor(Type{f64, {0}}));
  const Value dnone = g.input("dnone", none.type());
  const Function f = compile(
      {}, {.update = lamb({zero, none}, {x, dnone}, 0.5, {.epsilon = 0, .step = step_counter(g)})});
  State s(g);
  f(s, {{x, Tensor::of({3.0, -2.0})}, {dnone, Tensor(none.type())}});
  EXPECT_TRUE(compare(s.get(zero), Tensor::of({-0.5, 0.5}), 1e-12).close) << s.get(zero);
  EXPECT_EQ(s.get("step").item<std::int64_t>(), 1);

  const Function still = compile({}, {.update = lamb(p, zeros_like(p), 0.5, {.weight_decay = 0})});
  State t(g);
  still(t);
  EXPECT_TRUE(same_bits(t.get(p), p.node().tensor())) << "no gradient, no step";
  EXPECT_EQ(t.get("lamb/step").item<std::int64_t>(), 1);
}

TEST_F(OptimizersTest, RefuseBadArguments) {
  const Values narrow{g.input("n", {f32, {2}})}, longer{g.input("l", {f64, {3}})};
  const Value number = g.input("number", {i64, {}});
  const std::size_t before = g.size();
  EXPECT_THROWS_HERE(sgd(two, one, 0.1), ArgumentError,
                     "sgd: the number of gradients, 1, differs from that of parameters, 2");
  EXPECT_THROWS_HERE(adam(two, one, 0.1), ArgumentError,
                     "adam: the number of gradients, 1, differs from that of parameters, 2");
  EXPECT_THROWS_HERE(sgd(one, one, x), ShapeError,
                     "sgd: the rate must be a number or a float scalar, got float64[2]");
  EXPECT_THROWS_HERE(rmsprop(one, one, number), TypeError,
                     "rmsprop: the rate must be a number or a float scalar, got int64[]");
  EXPECT_THROWS_HERE(adamw(one, one, -0.1), ArgumentError,
                     "adamw: the rate must be finite and at least 0, got -0.1");
  EXPECT_THROWS_HERE(sgd(one, one, 0.1, {.momentum = 1}), ArgumentError,
                     "sgd: momentum must be in [0, 1), got 1");
  EXPECT_THROWS_HERE(adam(one, one, 0.1, {.beta1 = -0.1}), ArgumentError,
                     "adam: beta1 must be in [0, 1), got -0.1");
  EXPECT_THROWS_HERE(adam(one, one, 0.1, {.beta2 = 1}), ArgumentError,
                     "adam: beta2 must be in [0, 1), got 1");
  EXPECT_THROWS_HERE(rmsprop(one, one, 0.1, {.epsilon = -1}), ArgumentError,
                     "rmsprop: epsilon must be finite and at least 0, got -1");
  EXPECT_THROWS_HERE(
      adamw(one, one, 0.1, {.weight_decay = std::numeric_limits<double>::infinity()}),
      ArgumentError, "adamw: weight_decay must be finite and at least 0, got inf");
  EXPECT_THROWS_HERE(adam(one, one, 0.1, {.step = Advancing{x, {x, x}}}), TypeError,
                     "adam: the step must be int64[], got float64[2]");
  for (const Update& update : {Update{p, number}, Update{number, number}})
    EXPECT_THROWS_HERE(adam(one, one, 0.1, {.step = Advancing{number, update}}), ArgumentError,
                       "adam: the update of the step 'number' does not advance it");
  EXPECT_THROWS_HERE(adagrad(one, one, 0.1, {.epsilon = -1}), ArgumentError,
                     "adagrad: epsilon must be finite and at least 0, got -1");
  EXPECT_THROWS_HERE(lamb(one, one, 0.1, {.weight_decay = -1}), ArgumentError,
                     "lamb: weight_decay must be finite and at least 0, got -1");
  EXPECT_THROWS_HERE(lamb(two, one, 0.1), ArgumentError,
                     "lamb: the number of gradients, 1, differs from that of parameters, 2");
  EXPECT_THROWS_HERE(sgd(one, narrow, 0.1), TypeError,
                     "sgd: parameter 'p' is float64[2], but its gradient 'n' is float32[2]");
  EXPECT_THROWS_HERE(rmsprop(one, longer, 0.1), ShapeError,
                     "rmsprop: parameter 'p' is float64[2], but its gradient 'l' is float64[3]");
  EXPECT_THROWS_HERE(sgd(Values{p, p}, two, 0.1), ArgumentError,
                     "sgd: parameter 'p' is listed twice");
  EXPECT_THROWS_HERE(sgd(Values{x}, one, 0.1), ArgumentError, "sgd: 'x' is not a parameter");
  EXPECT_EQ(g.size(), before);
}

TEST_F(OptimizersTest, ErrorsOfAddedNodesNameTheUsersLine) {
  const auto updates = adam(one, Values{x}, 0.1);
  const int line = __LINE__ - 1;
  for (const Update& update : updates) {
    EXPECT_TRUE(std::string(update.next.node().where().file).ends_with("optimizers_test.cpp"));
    EXPECT_EQ(update.next.node().where().line, line);
  }
}

}  // namespace
}  // namespace dagrad
