#include <gtest/gtest.h>

#include <limits>

#include "dagrad/tensor.hpp"

namespace dagrad {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

TEST(CompareTest, IsCloseWithinRelativeAndAbsoluteBounds) {
  EXPECT_TRUE(compare(Tensor(101.0), Tensor(100.0), 0.01).close);
  EXPECT_FALSE(compare(Tensor(101.1), Tensor(100.0), 0.01).close);
  EXPECT_TRUE(compare(Tensor(101.1), Tensor(100.0), 0.01, 0.2).close);
  EXPECT_TRUE(compare(Tensor(1e-9), Tensor(0.0), 0, 1e-9).close);
  EXPECT_FALSE(compare(Tensor(1e-9), Tensor(0.0), 1e-3).close);
  EXPECT_TRUE(compare(Tensor(1.0), Tensor(1.0), 0).close);
  EXPECT_EQ(compare(Tensor(1.0), Tensor(1.0), 0).text, "");
}

TEST(CompareTest, TakesTheBoundFromTheSecond) {
  EXPECT_FALSE(compare(Tensor(2.0), Tensor(1.0), 0.6).close);
  EXPECT_TRUE(compare(Tensor(1.0), Tensor(2.0), 0.6).close);
}

TEST(CompareTest, NaNAndInfinitiesEqualOnlyThemselves) {
  EXPECT_TRUE(compare(Tensor(nan), Tensor(nan), 0).close);
  EXPECT_TRUE(compare(Tensor(inf), Tensor(inf), 0).close);
  EXPECT_TRUE(compare(Tensor(0.0), Tensor(-0.0), 0).close);
  for (const auto& [a, b] :
       {std::pair{nan, 1.0}, {1.0, nan}, {inf, -inf}, {inf, 1.0}, {1.0, inf}, {nan, inf}}) {
    EXPECT_FALSE(compare(Tensor(a), Tensor(b), 1e300, 1e300).close) << a << " " << b;
  }
}

TEST(CompareTest, NamesTheWorstElement) {
  const Tensor a = Tensor::of({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.5}});
  const Tensor b = Tensor::of({{1.0, 2.1, 3.0}, {4.0, 5.0, 6.0}});
  EXPECT_EQ(compare(a, b, 1e-3).text,
            "2 of 6 elements differ, most at [1,2]: 6.5 against 6, apart by 0.5, allowed 0.006");
  EXPECT_EQ(compare(Tensor(1.0), Tensor(2.0), 0).text,
            "1 of 1 elements differ, most at []: 1 against 2, apart by 1, allowed 0");
  EXPECT_EQ(compare(Tensor::of({1.0, nan}), Tensor::of({2.0, 1.0}), 1e-3).text,
            "2 of 2 elements differ, most at [1]: nan against 1, apart by nan, allowed 0.001");
}

TEST(CompareTest, NeedsTheSameType) {
  EXPECT_EQ(compare(Tensor(1.0), Tensor(1.0F), 1).text,
            "the types differ: float64[] and float32[]");
  EXPECT_EQ(compare(Tensor::of({1}), Tensor(1), 1).text, "the types differ: int32[1] and int32[]");
}

TEST(CompareTest, DistinguishesLargeIntegers) {
  const std::int64_t large = std::int64_t{1} << 60;
  EXPECT_FALSE(compare(Tensor(large), Tensor(large + 1), 0).close);
  EXPECT_TRUE(compare(Tensor(large), Tensor(large + 1), 1e-15).close);
  EXPECT_FALSE(compare(Tensor(true), Tensor(false), 0).close);
}

TEST(CompareTest, EmptyTensorsAreClose) {
  EXPECT_TRUE(compare(Tensor(Type{f32, {0}}), Tensor(Type{f32, {0}}), 0).close);
}

TEST(CompareTest, AcceptsNarrowElements) {
  const Tensor a = Tensor::of({1.0, 2.0, std::numeric_limits<double>::quiet_NaN()}).cast(f16);
  EXPECT_TRUE(compare(a, a, 0).close);
  Tensor b = a;
  b.mutate<Float16>()[1] = Float16(2.5);
  EXPECT_EQ(compare(a, b, 0.1).text,
            "1 of 3 elements differ, most at [1]: 2 against 2.5, apart by 0.5, allowed 0.25");
  EXPECT_TRUE(compare(a, b, 0.2).close);
  EXPECT_FALSE(compare(a, a.cast(bf16), 1).close);
  const Tensor bytes = Tensor::of<std::uint8_t>({200, 65});
  EXPECT_EQ(compare(bytes, Tensor::of<std::uint8_t>({200, 66}), 0).text,
            "1 of 2 elements differ, most at [1]: 65 against 66, apart by 1, allowed 0");
}

}  // namespace
}  // namespace dagrad
