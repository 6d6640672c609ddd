// Strides and walks over shared axes, compared with NumPy's rule applied element by element.

#include "dagrad/strides.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "dagrad/error.hpp"

namespace dagrad {
namespace {

using testing::ElementsAre;

std::vector<std::int64_t> first(const Strides& strides, int rank) {
  return {strides.begin(), strides.begin() + rank};
}

/// The position in an operand that corresponds to a position of the result.
std::int64_t position_by_hand(const Shape& operand, const Shape& result, std::int64_t position) {
  std::int64_t offset = 0, stride = 1;
  for (int from_end = 1; from_end <= operand.rank(); ++from_end) {
    const std::int64_t size = operand[-from_end];
    offset += position % result[-from_end] % size * stride;
    stride *= size;
    position /= result[-from_end];
  }
  return offset;
}

Shape random_shape(std::mt19937& random) {
  const std::int64_t sizes[] = {1, 1, 2, 3, 5};
  std::vector<std::int64_t> dims(random() % (max_rank + 1));
  for (std::int64_t& dim : dims) dim = sizes[random() % (dims.size() > 5 ? 3 : 5)];
  return Shape(dims);
}

/// A random shape that broadcasts to `result`.
Shape random_operand(const Shape& result, std::mt19937& random) {
  std::vector<std::int64_t> dims(
      result.begin() + random() % static_cast<unsigned>(result.rank() + 1), result.end());
  for (std::int64_t& dim : dims)
    if (random() % 3 == 0) dim = 1;
  return Shape(dims);
}

TEST(Strides, AreThoseOfRowMajorTensors) {
  EXPECT_THAT(first(strides_of({2, 3, 4}), 3), ElementsAre(12, 4, 1));
  EXPECT_THAT(first(strides_of({2, 1, 4}), 3), ElementsAre(4, 4, 1));
  EXPECT_THAT(first(strides_of({2, 0, 3}), 3), ElementsAre(0, 3, 1));
  EXPECT_EQ(strides_of({}), Strides{});
}

TEST(Strides, AreZeroAlongRepeatedAxes) {
  EXPECT_THAT(first(broadcast_strides({3, 1}, {2, 3, 4}), 3), ElementsAre(0, 1, 0));
  EXPECT_THAT(first(broadcast_strides({2, 3, 4}, {2, 3, 4}), 3), ElementsAre(12, 4, 1));
  EXPECT_THAT(first(broadcast_strides({}, {2, 3}), 2), ElementsAre(0, 0));
  EXPECT_THAT(first(broadcast_strides({1}, {0}), 1), ElementsAre(0));
}

TEST(Strides, SeeAShapeAlongAnAxis) {
  const AlongAxis middle({2, 3, 4, 5}, -2), only({7}, 0);
  EXPECT_EQ(middle.outer, 6);
  EXPECT_EQ(middle.length, 4);
  EXPECT_EQ(middle.inner, 5);
  EXPECT_EQ(only.outer * only.inner, 1);
  EXPECT_EQ(only.length, 7);
  EXPECT_THROW(AlongAxis({2, 3}, 2), ShapeError);
  EXPECT_THROW(AlongAxis({}, 0), ShapeError);
}

TEST(Strides, MergeContiguousAxes) {
  EXPECT_EQ(broadcast_axes({{2, 3, 4}, {2, 3, 4}}, {2, 3, 4}).rank(), 1);
  EXPECT_EQ(broadcast_axes({{2, 3, 4}, {}}, {2, 3, 4}).rank(), 1);
  EXPECT_EQ(broadcast_axes({{2, 3, 1, 4}, {1, 4}}, {2, 3, 1, 4}).rank(), 2);
  EXPECT_EQ(broadcast_axes({{2, 1, 4}, {3, 1}}, {2, 3, 4}).rank(), 3);
  EXPECT_EQ(broadcast_axes({{1, 1}}, {1, 1}).rank(), 0);
  StridedAxes<2> axes;  // a transpose whose outer axes stay contiguous
  axes.add(2, {60, 60});
  axes.add(3, {20, 20});
  axes.add(5, {1, 4});
  axes.add(1, {99, 99});
  axes.add(4, {5, 1});
  EXPECT_THAT(axes.sizes(), ElementsAre(6, 5, 4));
  EXPECT_EQ(axes.stride(0, 1), 20);
  EXPECT_EQ(axes.stride(2, 0), 5);
  EXPECT_EQ(axes.positions(), 120);
}

TEST(Strides, OfScalarsHaveOnePosition) {
  const StridedAxes<2> axes = broadcast_axes({Shape{}, Shape{}}, Shape{});
  EXPECT_EQ(axes.rank(), 0);
  EXPECT_EQ(axes.positions(), 1);
  EXPECT_EQ(axes.offset(0, 1), 0);
  StridedWalk walk(axes, 0, 0);
  EXPECT_EQ(walk.offset(1), 0);
  walk.next();  // past the only position
  EXPECT_EQ(walk.offset(1), 0);
}

TEST(Strides, OfEmptyShapesHaveNoPosition) {
  for (const Shape& shape : {Shape{0}, Shape{2, 0}, Shape{0, 3}, Shape{2, 0, 3}, Shape{0, 0}}) {
    const StridedAxes<2> axes = broadcast_axes({shape, {}}, shape);
    EXPECT_EQ(axes.positions(), 0);
    const StridedWalk walk(axes, axes.rank(), 0);  // at the position where it would begin
    EXPECT_EQ(walk.offset(0), 0);
  }
}

TEST(Strides, FindElementsOfOperandsThatBroadcast) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const Shape result = random_shape(random);
    const Shape operands[] = {random_operand(result, random), random_operand(result, random),
                              random_operand(result, random)};
    std::vector<Type> types;
    for (const Shape& shape : operands) types.push_back({f32, shape});
    const StridedAxes<3> axes = broadcast_axes(operands, result);
    const StridedAxes<> dynamic = broadcast_axes(types, result);
    ASSERT_EQ(axes.positions(), result.elements());
    ASSERT_EQ(dynamic.operands(), 3U);
    StridedWalk walk(axes, axes.rank(), 0);
    for (std::int64_t at = 0; at < result.elements(); ++at, walk.next())
      for (std::size_t i = 0; i < 3; ++i) {
        const std::int64_t wanted = position_by_hand(operands[i], result, at);
        ASSERT_EQ(axes.offset(at, i), wanted) << operands[i] << " in " << result << " at " << at;
        ASSERT_EQ(dynamic.offset(at, i), wanted);
        ASSERT_EQ(walk.offset(i), wanted);
      }
  }
}

TEST(Strides, WalkOverOuterAxesFromAnyPosition) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    const Shape result = random_shape(random);
    const StridedAxes<2> axes =
        broadcast_axes({random_operand(result, random), random_operand(result, random)}, result);
    if (axes.rank() == 0) continue;
    const int outermost = static_cast<int>(random() % static_cast<unsigned>(axes.rank() + 1));
    std::int64_t inside = 1, outside = 1;
    for (int axis = 0; axis < axes.rank(); ++axis)
      (axis < outermost ? outside : inside) *= axes.size(axis);
    const auto begin = static_cast<std::int64_t>(random() % static_cast<unsigned>(outside));
    StridedWalk walk(axes, outermost, begin);
    for (std::int64_t at = begin; at < outside; ++at, walk.next())
      for (std::size_t i = 0; i < 2; ++i)
        ASSERT_EQ(walk.offset(i), axes.offset(at * inside, i)) << result << " at " << at;
  }
}

TEST(Strides, GoRowByRow) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    const Shape result = random_shape(random);
    const StridedAxes<2> axes =
        broadcast_axes({random_operand(result, random), random_operand(result, random)}, result);
    const auto positions = static_cast<unsigned>(axes.positions());
    const auto begin = static_cast<std::int64_t>(random() % (positions + 1));
    const auto end = begin + static_cast<std::int64_t>(
                                 random() % (positions + 1 - static_cast<unsigned>(begin)));
    std::int64_t at = begin;
    each_row(axes, begin, end, [&](const StridedRow<2>& row) {
      ASSERT_EQ(row.position, at);
      for (std::int64_t k = 0; k < row.length; ++k, ++at)
        for (std::size_t i = 0; i < 2; ++i)
          ASSERT_EQ(row.offsets[i] + k * row.strides[i], axes.offset(at, i));
    });
    ASSERT_EQ(at, end);
  }
}

TEST(Strides, StepBackwardsToo) {
  StridedAxes<1> axes;  // columns of a 3 x 4 matrix, from last to first
  axes.add(4, {-1});
  axes.add(3, {4});
  std::vector<std::int64_t> offsets;
  StridedWalk walk(axes, 2, 0);
  for (int i = 0; i < 12; ++i, walk.next()) offsets.push_back(walk.offset());
  EXPECT_THAT(offsets, ElementsAre(0, 4, 8, -1, 3, 7, -2, 2, 6, -3, 1, 5));
}

TEST(Strides, TellWhichAxisAdvanced) {
  const std::int64_t sizes[] = {2, 2, 2};
  MultiIndex index(sizes, 0);
  std::vector<int> moved;
  for (int i = 0; i < 8; ++i) moved.push_back(index.next());
  EXPECT_THAT(moved, ElementsAre(2, 1, 2, 0, 2, 1, 2, 0));
}

}  // namespace
}  // namespace dagrad
