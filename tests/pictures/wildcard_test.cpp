#include "src/pictures/wildcard.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using dagrad::detail::fits;
using dagrad::detail::fits_within;

TEST(Wildcard, FitsWholeNames) {
  EXPECT_TRUE(fits("block0", "block0"));
  EXPECT_FALSE(fits("block0", "block01"));
  EXPECT_FALSE(fits("block0", "block"));
  EXPECT_TRUE(fits("", ""));
  EXPECT_FALSE(fits("", "a"));
}

TEST(Wildcard, OneStarStaysWithinAWord) {
  EXPECT_TRUE(fits("block*", "block"));
  EXPECT_TRUE(fits("block*", "block12"));
  EXPECT_FALSE(fits("block*", "block1/w"));
  EXPECT_TRUE(fits("block*/w", "block1/w"));
  EXPECT_TRUE(fits("*a*b*", "xaybz"));
  EXPECT_FALSE(fits("*a*b*", "xbyaz"));
}

TEST(Wildcard, TwoStarsCrossWords) {
  EXPECT_TRUE(fits("**/w", "a/b/w"));
  EXPECT_FALSE(fits("**/w", "w"));
  EXPECT_TRUE(fits("**w", "w"));
  EXPECT_TRUE(fits("a/**", "a/b/c"));
  EXPECT_TRUE(fits("***", "a/b"));
}

TEST(Wildcard, FitsScopesAroundANode) {
  EXPECT_TRUE(fits_within("block*", "block1/w"));
  EXPECT_TRUE(fits_within("block*", "block1"));
  EXPECT_FALSE(fits_within("block", "block1/w"));
  EXPECT_FALSE(fits_within("w", "block1/w"));
}

TEST(Wildcard, TakesLinearTimePerStar) {
  const std::string pattern = "a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", name(20'000, 'a');
  EXPECT_FALSE(fits(pattern, name));
}

}  // namespace
