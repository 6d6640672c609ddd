// Which shapes are known to be the same in every replay.

#include "src/graph/extents.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace dagrad::detail {
namespace {

using Axes = std::vector<std::uint32_t>;

/// The extent with some axes of another one; -1 stands for one of which nothing is known.
std::uint32_t taken(Extents& extents, std::uint32_t from, const std::vector<int>& axes) {
  Axes list;
  for (const int axis : axes)
    list.push_back(axis < 0 ? Extents::unknown
                            : extents.axes(from)[static_cast<std::size_t>(axis)]);
  return extents.of(list);
}

TEST(Extents, AreTheSameForFixedShapesOfTheSameSizes) {
  Extents extents;
  const std::uint32_t a = extents.fixed({2, 3});
  EXPECT_EQ(extents.fixed({2, 3}), a);
  EXPECT_NE(extents.fixed({3, 2}), a);
  EXPECT_EQ(extents.fixed({}), Extents::scalar);
  EXPECT_TRUE(extents.is_fixed(a));
  EXPECT_TRUE(extents.absorbs(a, 2));
  EXPECT_FALSE(extents.absorbs(a, 3)) << "another value has more axes";
  EXPECT_FALSE(extents.absorbs(extents.fixed({2, 1}), 2)) << "an axis of one element is repeated";
  EXPECT_FALSE(extents.absorbs(extents.fresh(2), 2));
}

TEST(Extents, DifferWhereNothingIsKnown) {
  Extents extents;
  const std::uint32_t x = extents.fresh(2), y = extents.fresh(2);
  EXPECT_FALSE(extents.same(x, y));
  EXPECT_FALSE(extents.is_fixed(x));
  EXPECT_TRUE(extents.same(taken(extents, x, {0, 1}), x));
  EXPECT_FALSE(extents.same(taken(extents, x, {1, 0}), x));
  EXPECT_FALSE(extents.same(taken(extents, x, {0, -1}), x));
  EXPECT_FALSE(extents.same(taken(extents, x, {0}), x));
}

TEST(Extents, AreJoinedAxisByAxis) {
  Extents extents;
  const std::uint32_t x = extents.fresh(2), y = extents.fresh(2), w = extents.fixed({4}),
                      u = extents.fixed({1, 4});
  EXPECT_EQ(extents.joint(x, x), x);
  EXPECT_EQ(extents.joint(x, Extents::scalar), x);
  EXPECT_EQ(extents.joint(Extents::scalar, x), x);
  EXPECT_EQ(extents.joint(extents.fixed({1, 1}), x), x) << "whatever x is";
  const std::uint32_t wide = extents.joint(x, w);
  EXPECT_FALSE(extents.same(wide, x)) << "x may have one column";
  EXPECT_EQ(extents.joint(w, x), wide);
  EXPECT_EQ(extents.joint(wide, w), wide);
  EXPECT_TRUE(extents.same(extents.joint(x, u), wide));
  EXPECT_TRUE(extents.same(taken(extents, wide, {1}), w)) << "it has 4 columns";
  EXPECT_FALSE(extents.same(taken(extents, wide, {1}), extents.fixed({3})));
  EXPECT_TRUE(extents.is_fixed(taken(extents, wide, {1})));
  EXPECT_TRUE(extents.absorbs(taken(extents, wide, {1}), 1));
  EXPECT_FALSE(extents.is_fixed(wide));
  const std::uint32_t both = extents.joint(x, y);
  EXPECT_EQ(extents.joint(y, x), both);
  EXPECT_EQ(extents.joint(both, x), both);
  EXPECT_FALSE(extents.same(both, x));
  EXPECT_EQ(extents.joint(both, extents.fixed({2, 3})), extents.fixed({2, 3}));
}

TEST(Extents, GiveUpAfterManyParts) {
  Extents extents;
  const std::uint32_t first = extents.fresh(1);
  std::uint32_t all = first;
  for (int i = 0; i < 100; ++i) all = extents.joint(all, extents.fresh(1));
  const std::uint32_t again = extents.joint(all, first);
  EXPECT_FALSE(extents.same(again, first));
  EXPECT_EQ(extents.joint(all, first), again);
}

}  // namespace
}  // namespace dagrad::detail
