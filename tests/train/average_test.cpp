#include "dagrad/train/average.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

class AverageTest : public testing::Test {
 protected:
  Graph g;
  const Value p = g.parameter("p", Tensor::of({1.0, 8.0})), q = g.parameter("q", Tensor(4.0F));
  const std::vector<Update> updates = sgd({p, q}, {ones_like(p), ones_like(q)}, 1);
};

TEST_F(AverageTest, FollowsTheNextValues) {
  const ExponentialAverage average = exponential_average({p, q}, updates, 0.5);
  EXPECT_EQ(average.averages[0].name(), "p/average");
  const Function f = compile({}, {.update = join({updates, average.updates})});
  State state(g);
  f(state);  // weights 0, 7; 3
  f(state);  // weights -1, 6; 2
  EXPECT_EQ(state.get("p/average").to_vector<double>(), (std::vector<double>{-0.25, 6.75}));
  EXPECT_EQ(state.get("q/average").item<float>(), 2.75F);
  const State smooth = average.applied(state);
  EXPECT_EQ(smooth.get(p).to_vector<double>(), (std::vector<double>{-0.25, 6.75}));
  EXPECT_EQ(smooth.get(q).item<float>(), 2.75F);
  EXPECT_EQ(state.get(q).item<float>(), 2) << "the State itself stays as it is";
}

TEST_F(AverageTest, TakesADecayThatDependsOnTheStep) {
  const Advancing step = step_counter(g);
  const Value t = cast(step.now, f64);
  const ExponentialAverage average =
      exponential_average(q, updates, minimum(0.5, t / (t + 1)));  // 0, 1/2, 1/2
  const Function f = compile({}, {.update = join({updates, average.updates, {step.update}})});
  State state(g);
  for (const float wanted : {3.0F, 2.5F, 1.75F}) {
    f(state);
    EXPECT_EQ(state.get("q/average").item<float>(), wanted);
  }
}

TEST_F(AverageTest, KeepsWhatDoesNotMoveToTheBit) {
  Graph other;
  const Value w = other.parameter("w", Tensor(0.1));
  const std::vector<Update> still = sgd(w, zeros_like(w), 1);
  const ExponentialAverage average = exponential_average(w, still, 0.999);
  const Function f = compile({}, {.update = join({still, average.updates})});
  State state(other);
  for (int i = 0; i < 1000; ++i) f(state);
  EXPECT_EQ(state.get("w/average").item<double>(), 0.1);
}

TEST_F(AverageTest, MayAverageSomeWeightsOrNone) {
  EXPECT_EQ(exponential_average(p, updates, 0).updates.size(), 1U);
  const ExponentialAverage none = exponential_average({}, updates, 0.9);
  EXPECT_TRUE(none.updates.empty());
  const State state(g);
  EXPECT_TRUE(same_bits(none.applied(state).get(p), state.get(p)));
}

TEST_F(AverageTest, RefusesBadArguments) {
  const Value other = g.parameter("other", Tensor(1.0));
  const State early(g);
  EXPECT_THROWS_HERE(exponential_average(other, updates, 0.9), ArgumentError,
                     "exponential_average: 'other' is not among the updates; pass those that the "
                     "optimiser returned");
  EXPECT_THROWS_HERE(exponential_average({p, p}, updates, 0.9), ArgumentError,
                     "exponential_average: 'p' is listed twice");
  EXPECT_THROWS_HERE(exponential_average(p, updates, 1), ArgumentError,
                     "exponential_average: the decay must be in [0, 1), got 1");
  EXPECT_THROWS_HERE(exponential_average(p, updates, NAN), ArgumentError,
                     "exponential_average: the decay must be in [0, 1), got nan");
  EXPECT_THROWS_HERE(exponential_average(p, updates, p), ShapeError,
                     "exponential_average: the decay must be a number or a float scalar, got "
                     "float64[2]");
  EXPECT_EQ(g.find("p/average"), std::nullopt);
  const ExponentialAverage average = exponential_average(p, updates, 0.9);
  EXPECT_THROW(exponential_average(p, updates, 0.9), GraphError) << "the name is taken";
  EXPECT_THROW(average.applied(early), ArgumentError) << "it was made before the average";
}

}  // namespace
}  // namespace dagrad
