#pragma once

#include <gtest/gtest.h>

#include "dagrad/check.hpp"
#include "tests/check/random_graphs.hpp"

namespace dagrad::tests {

/// Expects that no comparison disagrees on correct graphs, and at most 3 % are unresolved.
inline void expect_no_false_alarm(std::int64_t first, std::int64_t last) {
  std::size_t comparisons = 0, unresolved = 0;
  for (std::int64_t seed = first; seed < last; ++seed) {
    const RandomGraph random = random_graph(seed);
    const CheckReport report = check_gradient(random.y, random.xs, random.feeds, {.seed = seed});
    EXPECT_NE(report.verdict(), Verdict::disagree) << "graph " << seed << "\n"
                                                   << report << random.graph;
    EXPECT_NE(report.verdict(), Verdict::empty) << "graph " << seed;
    comparisons += report.comparisons.size();
    unresolved += report.count(Verdict::unresolved);
  }
  EXPECT_LE(unresolved, 3 * comparisons / 100);
  ::testing::Test::RecordProperty("comparisons", static_cast<int>(comparisons));
  ::testing::Test::RecordProperty("unresolved", static_cast<int>(unresolved));
}

}  // namespace dagrad::tests
