#include "dagrad/shape.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>
#include <type_traits>
#include <utility>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/tensor.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

TEST(ShapeTest, OfAScalarHasNoAxesAndOneElement) {
  const Shape shape;
  EXPECT_EQ(shape.rank(), 0);
  EXPECT_EQ(shape.elements(), 1);
  EXPECT_EQ(shape.begin(), shape.end());
  EXPECT_EQ(to_string(shape), "[]");
  EXPECT_EQ(shape, Shape{});
}

TEST(ShapeTest, HasUpToEightAxes) {
  const Shape shape{2, 1, 3, 1, 1, 1, 1, 5};
  EXPECT_EQ(shape.rank(), 8);
  EXPECT_EQ(shape.elements(), 30);
  EXPECT_EQ(shape[7], 5);
  EXPECT_THROWS((Shape{1, 2, 3, 4, 5, 6, 7, 8, 9}), ShapeError,
                "a shape has at most 8 dimensions, got 9: [1,2,3,4,5,6,7,8,9]");
}

TEST(ShapeTest, CountsAxesFromEitherEnd) {
  const Shape shape{2, 3, 5};
  EXPECT_EQ(shape[0], 2);
  EXPECT_EQ(shape[-1], 5);
  EXPECT_EQ(shape[-3], 2);
  EXPECT_THROWS(shape[3], ShapeError, "axis 3 is outside [-3, 2] for rank 3");
  EXPECT_THROWS(shape[-4], ShapeError, "axis -4 is outside [-3, 2] for rank 3");
  EXPECT_THROWS(shape[huge], ShapeError, "axis 9223372036854775807 is outside [-3, 2] for rank 3");
  EXPECT_THROWS(shape[std::int64_t{1} << 32], ShapeError,
                "axis 4294967296 is outside [-3, 2] for rank 3");
  EXPECT_THROWS(Shape{}[0], ShapeError, "axis 0 does not exist: a scalar has no axes");
  EXPECT_THROWS(Shape{}[-1], ShapeError, "axis -1 does not exist: a scalar has no axes");
}

template <class T>
constexpr bool gives_pointers = requires(T&& shape) {
  std::forward<T>(shape).begin();
}
|| requires(T&& shape) { std::forward<T>(shape).end(); }
|| requires(T&& shape) { std::forward<T>(shape).dims(); };
static_assert(gives_pointers<Shape&> && gives_pointers<const Shape&>);
static_assert(!gives_pointers<Shape> && !gives_pointers<const Shape>);
// The type and shape of a temporary tensor are copies too.
static_assert(std::is_same_v<decltype(std::declval<Tensor>().shape()), Shape>);
static_assert(std::is_same_v<decltype(std::declval<Tensor>().type()), Type>);
static_assert(std::is_same_v<decltype(std::declval<const Tensor&>().shape()), const Shape&>);

TEST(ShapeTest, OfATemporaryCanBeIterated) {
  std::int64_t product = 1;
  for (const std::int64_t dim : Shape{2, 3, 5}) product *= dim;
  EXPECT_EQ(product, 30);
}

TEST(ShapeTest, ComparesRankAndDimensions) {
  EXPECT_EQ((Shape{2, 3}), (Shape{2, 3}));
  EXPECT_NE((Shape{2, 3}), (Shape{3, 2}));
  EXPECT_NE((Shape{2}), (Shape{2, 0}));
  EXPECT_NE((Shape{}), (Shape{0}));
}

TEST(ShapeTest, MayHaveNoElements) {
  EXPECT_EQ((Shape{0}).elements(), 0);
  EXPECT_EQ((Shape{3, 0, 2}).elements(), 0);
}

TEST(ShapeTest, RefusesNegativeDimensions) {
  EXPECT_THROWS((Shape{2, -1}), ShapeError, "a dimension must be at least 0, got -1 in [2,-1]");
  EXPECT_THROWS(
      (Shape{std::numeric_limits<std::int64_t>::min()}), ShapeError,
      "a dimension must be at least 0, got -9223372036854775808 in [-9223372036854775808]");
}

TEST(ShapeTest, RefusesMoreElementsThanCanBeCounted) {
  const std::int64_t most = std::int64_t{1} << 48;
  EXPECT_EQ((Shape{most}).elements(), most);
  EXPECT_EQ((Shape{1 << 24, 1 << 24}).elements(), most);
  EXPECT_THROWS((Shape{most + 1}), ShapeError,
                "a shape has at most 2^48 elements, got [281474976710657]");
  EXPECT_THROWS((Shape{1 << 24, (1 << 24) + 1}), ShapeError,
                "a shape has at most 2^48 elements, got [16777216,16777217]");
  EXPECT_THROWS((Shape{huge, huge}), ShapeError,
                "a shape has at most 2^48 elements, got [9223372036854775807,9223372036854775807]");
  // A product that would wrap around to a small number, and one hidden by a dimension of zero.
  EXPECT_THROW((Shape{std::int64_t{1} << 32, std::int64_t{1} << 32, 2}), ShapeError);
  EXPECT_THROW((Shape{0, huge, huge}), ShapeError);
}

TEST(ShapeTest, PrintsAsAList) {
  std::ostringstream out;
  out << Shape{2, 3} << ' ' << Type{f32, {4}} << ' ' << Type{i64, {}};
  EXPECT_EQ(out.str(), "[2,3] float32[4] int64[]");
}

TEST(TypeTest, CountsItsBytes) {
  EXPECT_EQ((Type{f64, {2, 3}}).bytes(), 48U);
  EXPECT_EQ((Type{b8, {5}}).bytes(), 5U);
  EXPECT_EQ((Type{f64, {std::int64_t{1} << 48}}).bytes(), std::size_t{1} << 51);
  EXPECT_NE((Type{f64, {2}}), (Type{f32, {2}}));
}

TEST(BroadcastTest, AlignsOnTheRight) {
  EXPECT_EQ(broadcast({}, {}), Shape{});
  EXPECT_EQ(broadcast({}, {2, 3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast({2, 3}, {3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast({2, 1}, {1, 3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast({4, 1, 3}, {5, 1}), (Shape{4, 5, 3}));
}

TEST(BroadcastTest, OfOneAgainstNoneIsNone) {
  EXPECT_EQ(broadcast({1}, {0}), (Shape{0}));
  EXPECT_EQ(broadcast({0}, {}), (Shape{0}));
  EXPECT_EQ(broadcast({2, 0}, {2, 1}), (Shape{2, 0}));
}

TEST(BroadcastTest, ErrorsShowBothShapes) {
  EXPECT_THROWS(broadcast({2, 3}, {4, 3}), ShapeError,
                "shapes [2,3] and [4,3] do not broadcast: 2 against 4 on axis -2");
  EXPECT_THROWS(
      broadcast({2, 3}, {2}), ShapeError,
      "shapes [2,3] and [2] do not broadcast: 3 against 2 on axis -1; unsqueeze(x, -1) of "
      "the [2] gives [2,1], which broadcasts");
  EXPECT_THROWS(broadcast({4}, {3, 2, 3}), ShapeError,
                "shapes [4] and [3,2,3] do not broadcast: 4 against 3 on axis -1");
  EXPECT_THROWS(broadcast({4}, {5, 3}), ShapeError,
                "shapes [4] and [5,3] do not broadcast: 4 against 3 on axis -1");
  EXPECT_THROWS(broadcast({0}, {2}), ShapeError,
                "shapes [0] and [2] do not broadcast: 0 against 2 on axis -1");
}

TEST(BroadcastTest, ChecksTheSizeOfTheResult) {
  EXPECT_THROW(broadcast({std::int64_t{1} << 40, 1}, {std::int64_t{1} << 40}), ShapeError);
}

TEST(AxisTest, CountsFromEitherEnd) {
  EXPECT_EQ(normalize_axis(0, 3), 0);
  EXPECT_EQ(normalize_axis(2, 3), 2);
  EXPECT_EQ(normalize_axis(-1, 3), 2);
  EXPECT_EQ(normalize_axis(-3, 3), 0);
}

TEST(AxisTest, NamesTheRange) {
  EXPECT_THROWS(normalize_axis(3, 3), ShapeError, "axis 3 is outside [-3, 2] for rank 3");
  EXPECT_THROWS(normalize_axis(-4, 3), ShapeError, "axis -4 is outside [-3, 2] for rank 3");
  EXPECT_THROWS(normalize_axis(huge, 1), ShapeError,
                "axis 9223372036854775807 is outside [-1, 0] for rank 1");
  EXPECT_THROWS(normalize_axis(0, 0), ShapeError, "axis 0 does not exist: a scalar has no axes");
}

}  // namespace
}  // namespace dagrad
