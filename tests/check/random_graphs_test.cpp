#include "tests/check/false_alarms.hpp"

namespace dagrad::tests {
namespace {

TEST(RandomGraphs, RaiseNoFalseAlarm) { expect_no_false_alarm(0, 300); }

TEST(RandomGraphs, AreTheSameForTheSameSeed) {
  const RandomGraph once = random_graph(5), again = random_graph(5), other = random_graph(6);
  EXPECT_EQ(to_string(once.graph), to_string(again.graph));
  EXPECT_NE(to_string(once.graph), to_string(other.graph));
  EXPECT_TRUE(same_bits(once.feeds[0].tensor, again.feeds[0].tensor));
}

}  // namespace
}  // namespace dagrad::tests
