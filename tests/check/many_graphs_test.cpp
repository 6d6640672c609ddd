#include <cmath>

#include "tests/check/false_alarms.hpp"
#include "tests/check/faults.hpp"

namespace dagrad::tests {
namespace {

TEST(ManyRandomGraphs, RaiseNoFalseAlarm) { expect_no_false_alarm(0, 10000); }

class FaultInRandomGraphs : public ::testing::TestWithParam<Fault> {};

/// Plants a fault in the n-th suitable node.
Plant in_node(Fault fault, std::int64_t n) {
  return [fault, n, seen = std::int64_t{0}](const Op& op) mutable {
    return seen++ == n ? faulted(op, fault) : op;
  };
}

/// Whether the gradients differ by less than one percent.
bool nearly_equal(double right, double wrong) {
  return std::abs(wrong - right) < 0.0099 * std::max(std::abs(wrong), std::abs(right)) ||
         wrong == right;
}

TEST_P(FaultInRandomGraphs, IsNeverAccepted) {
  const Fault fault = GetParam();
  int rejected = 0;
  for (std::int64_t seed = 0; seed < 2000; ++seed) {
    const RandomGraph right = random_graph(seed);
    const CheckReport truth = check_gradient(right.y, right.xs, right.feeds, {.seed = seed});
    const RandomGraph wrong = random_graph(seed, in_node(fault, seed % 4));
    const CheckReport report = check_gradient(wrong.y, wrong.xs, wrong.feeds, {.seed = seed});
    ASSERT_EQ(report.comparisons.size(), truth.comparisons.size());
    for (std::size_t i = 0; i < truth.comparisons.size(); ++i) {
      const Comparison &is = report.comparisons[i], &should = truth.comparisons[i];
      if (should.verdict != Verdict::agree || nearly_equal(should.gradient, is.gradient)) continue;
      EXPECT_NE(is.verdict, Verdict::agree)
          << "graph " << seed << ", correct " << should.gradient << "\n"
          << report;
      rejected += is.verdict == Verdict::disagree ? 1 : 0;
    }
  }
  EXPECT_GE(rejected, 50);
}

INSTANTIATE_TEST_SUITE_P(Each, FaultInRandomGraphs, ::testing::ValuesIn(visible),
                         [](const auto& tested) { return std::string(name(tested.param)); });

}  // namespace
}  // namespace dagrad::tests
