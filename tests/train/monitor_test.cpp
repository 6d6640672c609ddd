#include "src/train/monitor.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace dagrad {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();

std::size_t best(const std::vector<double>& values) { return detail::best_position(values); }
std::int64_t without(const std::vector<double>& values, double least = 0) {
  return detail::without_improvement(values, least);
}

TEST(Monitor, FindsTheBestEpoch) {
  EXPECT_EQ(best({3}), 0U);
  EXPECT_EQ(best({3, 1, 2}), 1U);
  EXPECT_EQ(best({1, 1, 1}), 0U) << "the first at a tie";
  EXPECT_EQ(best({nan, 2, nan, 1, nan}), 3U);
  EXPECT_EQ(best({nan, nan}), 0U);
  EXPECT_EQ(best({nan, infinity}), 1U);
  EXPECT_EQ(best({1, -infinity}), 1U);
}

TEST(Monitor, CountsEpochsWithoutImprovement) {
  EXPECT_EQ(without({}), 0);
  EXPECT_EQ(without({5}), 0);
  EXPECT_EQ(without({5, 5, 5}), 2) << "a tie is not an improvement";
  EXPECT_EQ(without({5, 4, 4.5, 3}), 0);
  EXPECT_EQ(without({5, 4, nan, nan}), 2);
  EXPECT_EQ(without({nan, nan}), 2);
  EXPECT_EQ(without({infinity, infinity}), 2);
}

// Small steps add up: they are compared with the best that counted.
TEST(Monitor, ComparesWithTheBestThatCounted) {
  EXPECT_EQ(without({5, 4.9, 4.8}, 0.5), 2);
  EXPECT_EQ(without({5, 4.75, 4.5}, 0.5), 0);
}

TEST(Monitor, ReducesWheneverThePatienceIsOver) {
  const ReduceOnPlateau plateau{.rate = {}, .patience = 2};
  std::vector<double> values;
  std::vector<bool> reduces;
  for (const double value : {5., 4., 4., 4., 4., 3., 3., 4., 4.}) {
    values.push_back(value);
    reduces.push_back(detail::reduces_now(values, plateau));
  }
  EXPECT_EQ(reduces,
            (std::vector<bool>{false, false, false, true, false, false, false, true, false}));
}

}  // namespace
}  // namespace dagrad
