#include "tests/models/weights.hpp"

#include <gtest/gtest.h>

#include "tests/golden/golden.hpp"

namespace dagrad::models {
namespace {

// Compares with results of the Python formula, so that a difference shows here and not as a wrong
// loss.
TEST(Weights, AgreeWithTheScript) {
  const Tensor wide = uniform_at(7, {2, 2}, 0.5, f64), narrow = uniform_at(7, {2, 2}, 0.5, f32);
  const double want[] = {0x1.c4cc1263ac274p-3, -0x1.5c823d1182df4p-2, -0x1.cd1fd22093bb0p-5,
                         -0x1.04babc2724eb8p-4};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(wide.values<double>()[i], want[i]);
    EXPECT_EQ(narrow.values<float>()[i], static_cast<float>(want[i]));
  }
  EXPECT_TRUE(same_bits(integers_at(3, {6}, 10), Tensor({6}, {8L, 2L, 4L, 7L, 3L, 6L})));
}

}  // namespace
}  // namespace dagrad::models
