#include <dagrad/dagrad.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <stdexcept>

#include "tests/throws.hpp"

namespace {

using namespace dagrad;
using Numbers = std::vector<double>;

/// Linear regression with momentum, on threads of a pool of its own.
class Repeat : public testing::TestWithParam<int> {
 protected:
  Runtime runtime{{.threads = GetParam()}};
  Graph g;
  const Value x = g.input("x", {f64, {16, 3}}), rate = g.input("rate", {f64, {}}),
              w = g.parameter("w", Tensor::of({0.5, -0.25, 0.125}));
  const Value loss = mean(square(matmul(x, w) - 1.0)).named("loss");
  const Function train =
      compile({loss, w}, {.update = {{w, w - rate* gradient(loss, w)}}, .runtime = &runtime});
  const Tensor data = Rng(1).uniform({10, 16, 3}, -1, 1);
  const Tensor rates = Rng(2).uniform({10}, 0.01, 0.1);

  /// The losses of single calls.
  Numbers by_calls(State& state, std::int64_t steps) const {
    Numbers losses;
    for (std::int64_t i = 0; i < steps; ++i)
      losses.push_back(train(state, {{x, data[i]}, {rate, rates[i]}})[0].item<double>());
    return losses;
  }
  Numbers after(std::int64_t steps) const {
    State state(g);
    by_calls(state, steps);
    return state.get(w).to_vector<double>();
  }
  Numbers weights(const State& state) const { return state.get(w).to_vector<double>(); }
};
INSTANTIATE_TEST_SUITE_P(Threads, Repeat, testing::Values(1, 2));

TEST_P(Repeat, GivesTheBitsOfCalls) {
  State called(g), repeated(g);
  const Numbers losses = by_calls(called, 10);
  const Repeated all = train.repeat(repeated, {{x, data}, {"rate", rates}}, 10);
  EXPECT_EQ(all.steps, 10);
  ASSERT_EQ(all.results.size(), 2U);
  EXPECT_EQ(all.results[0].to_vector<double>(), losses);
  EXPECT_EQ(all.results[1].shape(), (Shape{10, 3}));
  EXPECT_EQ(weights(repeated), weights(called));
}

TEST_P(Repeat, FeedsEveryStepTheSameTensor) {
  State called(g), repeated(g);
  for (int i = 0; i < 5; ++i) train(called, {{x, data[0]}, {rate, rates[i]}});
  EXPECT_EQ(train.repeat(repeated, {{x, data[0]}, {rate, rates[Range{0, 5}]}}, 5).steps, 5);
  EXPECT_EQ(weights(repeated), weights(called));
}

TEST_P(Repeat, AsksForFeeds) {
  State state(g);
  const auto feeds = [&](std::int64_t step) -> Feeds {
    return {{x, data[step]}, {rate, rates[step]}};
  };
  Numbers losses;
  const Repeated all = train.repeat(
      state, feeds, 10, {.on_step = [&](std::int64_t step, std::span<const View> results) {
        EXPECT_EQ(step, static_cast<std::int64_t>(losses.size()));
        EXPECT_EQ(results.size(), 2U);
        losses.push_back(results[0].as<double>()[0]);
      }});
  EXPECT_EQ(all.steps, 10);
  EXPECT_TRUE(all.results.empty());
  State called(g);
  EXPECT_EQ(losses, by_calls(called, 10));
  EXPECT_EQ(weights(state), weights(called));
}

TEST_P(Repeat, RunsBoundFunctions) {
  State state(g);
  BoundRun run = train.bind(state);
  Numbers losses;
  const std::int64_t done =
      run.repeat(10,
                 [&](std::int64_t step) {
                   run.feed(x, data[step]);
                   run.feed(rate, rates[step]);
                 },
                 {.on_step = [&](std::int64_t, std::span<const View> results) {
                   losses.push_back(results[0].as<double>()[0]);
                 }});
  EXPECT_EQ(done, 10);
  State called(g);
  EXPECT_EQ(losses, by_calls(called, 10));
  EXPECT_EQ(weights(state), weights(called));
  EXPECT_EQ(run.repeat(2), 2);  // with the last feeds
}

TEST_P(Repeat, KeepsCompletedStepsWhenItIsCancelled) {
  State state(g);
  const CancelToken token;
  const Repeated some = train.repeat(state,
                                     [&](std::int64_t step) -> Feeds {
                                       if (step == 4) token.cancel();
                                       return {{x, data[step]}, {rate, rates[step]}};
                                     },
                                     10, {.cancel = token});
  EXPECT_EQ(some.steps, 4);
  EXPECT_EQ(some.results[0].shape(), Shape{4});
  State called(g);
  EXPECT_EQ(some.results[0].to_vector<double>(), by_calls(called, 4));
  EXPECT_EQ(weights(state), weights(called));
}

TEST_P(Repeat, RunsNothingAfterItsDeadline) {
  State state(g);
  const Repeated none = train.repeat(state, {{x, data}, {rate, rates}}, 10,
                                     {.deadline = std::chrono::steady_clock::now()});
  EXPECT_EQ(none.steps, 0);
  EXPECT_EQ(none.results[1].shape(), (Shape{0, 3}));
  EXPECT_EQ(weights(state), (Numbers{0.5, -0.25, 0.125}));
}

TEST_P(Repeat, RunsNoSteps) {
  State state(g);
  const Repeated none = train.repeat(state, {}, 0);
  EXPECT_EQ(none.steps, 0);
  EXPECT_EQ(none.results[0].shape(), Shape{0});
}

TEST_P(Repeat, NamesTheStepThatFails) {
  const Value index = g.input("index", {i64, {}});
  const Function f = compile({take(w, index, 0).named("picked"), w},
                             {.update = {{w, w + 1.0}}, .runtime = &runtime});
  State state(g);
  const Tensor indices = Tensor::of<std::int64_t>({0, 1, 7, 2});
  try {
    f.repeat(state, {{index, indices}}, 4);
    FAIL();
  } catch (const RunError& error) {
    EXPECT_EQ(std::string(error.what()).substr(0, 43),
              "step 2 of 4: take: index 7 at [] is outside");
    EXPECT_EQ(error.node(), "picked");
    EXPECT_THROW(std::rethrow_if_nested(error), RunError);
  }
  EXPECT_EQ(weights(state), (Numbers{2.5, 1.75, 2.125}));
}

TEST_P(Repeat, RefusesFeedsThatDoNotFit) {
  State state(g);
  const auto text = [&]<class E>(std::type_identity<E>, const Feeds& feeds, std::int64_t steps) {
    const std::string all = mistake<E>([&] { train.repeat(state, feeds, steps); });
    return all.substr(0, all.find('\n'));
  };
  constexpr std::type_identity<ShapeError> shape;
  constexpr std::type_identity<ArgumentError> argument;
  EXPECT_EQ(text(shape, {{x, data}, {rate, rates}}, 9),
            "input 'x' must be float64[16,3], or float64[9,16,3] for 9 steps, got "
            "float64[10,16,3]");
  EXPECT_EQ(text(shape, {{rate, data}}, 10),
            "input 'rate' must be float64[], got float64[10,16,3]");
  EXPECT_EQ(text(std::type_identity<TypeError>{}, {{rate, rates.cast(f32)}}, 10),
            "input 'rate' must be float64[], or float64[10] for 10 steps, got float32[10]");
  EXPECT_EQ(text(argument, {{rate, rates}, {"rate", rates}}, 10), "input 'rate' is fed twice");
  EXPECT_EQ(text(argument, {{rate, rates}}, 10).substr(0, 43),
            "step 0 of 10: these inputs were not fed: x;");
  EXPECT_EQ(text(argument, {}, -1), "repeat: the number of steps is negative: -1");
  const State constant(g);
  EXPECT_EQ(mistake<ArgumentError>([&] { train.repeat(constant, {}, 1); }),
            "this function updates parameters: pass a State that is not const");
  const auto twice = [&](std::int64_t) -> Feeds { return {{rate, rates[0]}, {rate, rates[1]}}; };
  EXPECT_EQ(mistake<ArgumentError>([&] { train.repeat(state, twice, 3); }),
            "step 0 of 3: input 'rate' is fed twice");
}

TEST_P(Repeat, PassesOnWhatCallbacksThrow) {
  State state(g);
  const auto feeds = [&](std::int64_t step) -> Feeds {
    if (step == 2) throw std::out_of_range("no more data");
    return {{x, data[step]}, {rate, rates[step]}};
  };
  EXPECT_THROW(train.repeat(state, feeds, 10), std::out_of_range);
  EXPECT_EQ(weights(state), after(2));
}

TEST_P(Repeat, ReadsAConstantState) {
  const State state(g);
  const Function f = compile({loss}, {.runtime = &runtime});
  const Repeated losses = f.repeat(state, {{x, data}}, 10);
  for (std::int64_t i = 0; i < 10; ++i)
    EXPECT_EQ(std::bit_cast<std::uint64_t>(losses.results[0].at(i)),
              std::bit_cast<std::uint64_t>(f(state, {{x, data[i]}})[0].item<double>()));
}

TEST_P(Repeat, TakesInputsWithoutElements) {
  const Value empty = g.input("empty", {f64, {0}});
  State state(g);
  const Function f = compile({sum(empty)}, {.runtime = &runtime});
  EXPECT_EQ(f.repeat(state, {{empty, Tensor(Type{f64, {3, 0}})}}, 3).results[0].to_vector<double>(),
            (Numbers{0, 0, 0}));
}

}  // namespace
