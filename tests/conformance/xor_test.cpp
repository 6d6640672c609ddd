// The XOR network reproduces each of 20 recorded runs, including those that get stuck.
#include <gtest/gtest.h>

#include <cmath>

#include "docs/examples/xor_network.hpp"
#include "tests/golden/golden.hpp"

namespace {

using namespace dagrad;

Tensor matrix(const std::vector<double>& values, const Shape& shape) {
  return Tensor(shape, values);
}

class XorRuns : public testing::TestWithParam<int> {};

void expect_near(const Tensor& is, const std::vector<double>& should, const std::string& what) {
  const auto values = is.to_vector<double>();
  ASSERT_EQ(values.size(), should.size()) << what;
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], should[i], 1e-12) << what << "[" << i << "]";
}

TEST_P(XorRuns, AreFollowed) {
  const golden::Xor all = golden::read_xor();
  const golden::XorRun& run = all.runs[static_cast<std::size_t>(GetParam())];
  const XorNetwork network(matrix(run.initial.w1, {2, 3}), matrix(run.initial.b1, {1, 3}),
                           matrix(run.initial.w2, {3, 1}), matrix(run.initial.b2, {1, 1}),
                           all.learning_rate);
  const Feeds feeds{{network.x, XorNetwork::inputs()}, {network.y, XorNetwork::targets()}};

  const auto gradients = evaluate(network.gradients, feeds);
  expect_near(gradients[0], run.gradients.w1, "dw1");
  expect_near(gradients[1], run.gradients.b1, "db1");
  expect_near(gradients[2], run.gradients.w2, "dw2");
  expect_near(gradients[3], run.gradients.b2, "db2");

  State state(network.graph);
  Tensor out;
  for (int epoch = 0; epoch < all.epochs; ++epoch) {
    const auto results = network.train(state, feeds);
    if (const auto cost = run.cost.find(epoch); cost != run.cost.end()) {
      EXPECT_NEAR(results[0].item<double>(), cost->second, 1e-12) << "epoch " << epoch;
    }
    out = results[1];
  }
  expect_near(out, run.output, "output");
  double right = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const int predicted = out.values<double>()[i] > 0.5;
    EXPECT_EQ(predicted, run.prediction[i]);
    right += predicted == XorNetwork::targets().to_vector<double>()[i];
  }
  EXPECT_EQ(right / 4, run.accuracy);
}

INSTANTIATE_TEST_SUITE_P(All, XorRuns, testing::Range(0, 20));

}  // namespace
