#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <sstream>

#include "dagrad/tensor.hpp"

// The expected texts are what NumPy 2.4 prints for the same arrays.
namespace dagrad {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

Tensor counted(const Shape& shape) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.elements()));
  std::iota(values.begin(), values.end(), 0);
  return Tensor(shape, values);
}

TEST(PrintTest, AlignsNumbers) {
  EXPECT_EQ(to_string(Tensor::of({1.0, 2.5, -3.125})), R"([ 1.     2.5   -3.125])");
  EXPECT_EQ(to_string(Tensor::of({{1.0, -20.0}, {0.5, 3.0}})),
            R"([[  1.  -20. ]
 [  0.5   3. ]])");
  EXPECT_EQ(to_string(Tensor::of({1.0 / 3, 2.0 / 3})), R"([0.33333333 0.66666667])");
  EXPECT_EQ(to_string(Tensor::of({0.1F, 1.0F / 3})), R"([0.1        0.33333334])");
  EXPECT_EQ(to_string(Tensor::of({1e-5, 1.5})), R"([1.0e-05 1.5e+00])");
  EXPECT_EQ(to_string(Tensor::of({1.0, 1001.0})), R"([1.000e+00 1.001e+03])");
  EXPECT_EQ(to_string(Tensor::of({1.0, 1000.0})), R"([   1. 1000.])");
  EXPECT_EQ(to_string(Tensor::of({12345678.0, 99999999.0})), R"([12345678. 99999999.])");
  EXPECT_EQ(to_string(Tensor::of({1e8, 0.0})), R"([1.e+08 0.e+00])");
  EXPECT_EQ(to_string(Tensor::of({999999.0F, 0.0F})), R"([999999.      0.])");
  EXPECT_EQ(to_string(Tensor::of({1e6F, 0.1F})), R"([1.e+06 1.e-01])");
  EXPECT_EQ(to_string(Tensor::of({1e-300, 1e5, -1.25})), R"([ 1.00e-300  1.00e+005 -1.25e+000])");
  EXPECT_EQ(to_string(Tensor::of({1e100, 1.0})), R"([1.e+100 1.e+000])");
  EXPECT_EQ(to_string(Tensor::of({0.0, -0.0})), R"([ 0. -0.])");
  EXPECT_EQ(to_string(Tensor::of({{1.0, nan}, {inf, -inf}})),
            R"([[  1.  nan]
 [ inf -inf]])");
  EXPECT_EQ(to_string(Tensor::of({nan, inf})), R"([nan inf])");
  EXPECT_EQ(to_string(Tensor::of({nan, -inf})), R"([ nan -inf])");
  EXPECT_EQ(to_string(Tensor::of({1e-10, nan, -inf})), R"([1.e-10    nan   -inf])");
  EXPECT_EQ(to_string(Tensor::of({5e-324, 1.7976931348623157e308})),
            R"([4.94065646e-324 1.79769313e+308])");
  EXPECT_EQ(to_string(Tensor::of({true, false})), R"([ True False])");
  EXPECT_EQ(to_string(Tensor::of({{1, -20}, {300, 4}})),
            R"([[  1 -20]
 [300   4]])");
  EXPECT_EQ(to_string(Tensor::of<std::int64_t>({std::numeric_limits<std::int64_t>::min(), 0})),
            R"([-9223372036854775808                    0])");
}

TEST(PrintTest, ShowsExactDigitsAfterTheShortest) {
  // The shortest text that reads back is 7.70952e+04, but its neighbours need eight digits.
  EXPECT_EQ(to_string(Tensor::of({-1.4581667e-30F, 7.7095203e+04F})),
            "[-1.4581667e-30  7.7095203e+04]");
}

TEST(PrintTest, ShowsAScalarInFull) {
  EXPECT_EQ(to_string(Tensor(0.1)), "0.1");
  EXPECT_EQ(to_string(Tensor(0.1F)), "0.1");
  EXPECT_EQ(to_string(Tensor(1.0 / 3)), "0.3333333333333333");
  EXPECT_EQ(to_string(Tensor(3.0)), "3.0");
  EXPECT_EQ(to_string(Tensor(1e16)), "1e+16");
  EXPECT_EQ(to_string(Tensor(9e15)), "9000000000000000.0");
  EXPECT_EQ(to_string(Tensor(1.5e-5)), "1.5e-05");
  EXPECT_EQ(to_string(Tensor(1e6F)), "1e+06");
  EXPECT_EQ(to_string(Tensor(16777216.0F)), "1.6777216e+07");
  EXPECT_EQ(to_string(Tensor(nan)), "nan");
  EXPECT_EQ(to_string(Tensor(-inf)), "-inf");
  EXPECT_EQ(to_string(Tensor(-0.0)), "-0.0");
  EXPECT_EQ(to_string(Tensor(true)), "True");
  EXPECT_EQ(to_string(Tensor(-7)), "-7");
}

TEST(PrintTest, NestsBracketsAndWrapsLines) {
  EXPECT_EQ(to_string(counted({30})),
            R"([ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23
 24 25 26 27 28 29])");
  EXPECT_EQ(to_string(counted({2, 30})),
            R"([[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23
  24 25 26 27 28 29]
 [30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53
  54 55 56 57 58 59]])");
  EXPECT_EQ(to_string(counted({2, 2, 2})),
            R"([[[0 1]
  [2 3]]

 [[4 5]
  [6 7]]])");
  EXPECT_EQ(to_string(counted({1, 1, 1, 2})), R"([[[[0 1]]]])");
  EXPECT_EQ(to_string(counted({2, 2, 1, 1, 1, 1, 1, 2})),
            R"([[[[[[[[0 1]]]]]]





  [[[[[[2 3]]]]]]]






 [[[[[[[4 5]]]]]]





  [[[[[[6 7]]]]]]]])");
}

TEST(PrintTest, ShowsEmptyTensors) {
  EXPECT_EQ(to_string(Tensor(Type{f32, {0}})), "[]");
  EXPECT_EQ(to_string(Tensor(Type{b8, {3, 0}})), "[]");
}

TEST(PrintTest, ShortensBeyondTheThreshold) {
  EXPECT_EQ(to_string(counted({1001})), R"([   0    1    2 ...  998  999 1000])");
  EXPECT_EQ(to_string(counted({1000, 2})),
            R"([[   0    1]
 [   2    3]
 [   4    5]
 ...
 [1994 1995]
 [1996 1997]
 [1998 1999]])");
  EXPECT_EQ(to_string(counted({2, 600})),
            R"([[   0    1    2 ...  597  598  599]
 [ 600  601  602 ... 1197 1198 1199]])");
  EXPECT_EQ(to_string(counted({1000})).find("..."), std::string::npos);
  EXPECT_EQ(to_string(counted({6}), 5), "[0 1 2 3 4 5]") << "three at each end are all elements";
  EXPECT_EQ(to_string(counted({7}), 5), "[0 1 2 ... 4 5 6]");
  EXPECT_EQ(to_string(counted({7}), 7), "[0 1 2 3 4 5 6]");
}

TEST(PrintTest, AlignsOnlyShownElements) {
  Tensor tensor = counted({7});
  tensor.mutate<std::int64_t>()[3] = 1'000'000;
  EXPECT_EQ(to_string(tensor, 5), "[0 1 2 ... 4 5 6]");
}

TEST(PrintTest, StreamsTheSame) {
  std::ostringstream out;
  out << Tensor::of({{1, 2}, {3, 4}});
  EXPECT_EQ(out.str(), "[[1 2]\n [3 4]]");
}

TEST(PrintTest, ShowsTheFewestDigitsOfNarrowFloats) {
  EXPECT_EQ(to_string(Tensor(Float16(0.1))), "0.1");
  EXPECT_EQ(to_string(Tensor(Float16(65504))), "6.55e+04");
  EXPECT_EQ(to_string(Tensor(Float16(0x1p-24))), "6e-08");
  EXPECT_EQ(to_string(Tensor(Float16(-0.0))), "-0.0");
  EXPECT_EQ(to_string(Tensor(BFloat16(1.0 / 3))), "0.334");
  EXPECT_EQ(to_string(Tensor(BFloat16(3.3895314e38))), "3.39e+38");
  EXPECT_EQ(to_string(Tensor::of({0.1, -2.5, nan, inf}).cast(f16)), "[ 0.1 -2.5  nan  inf]");
  EXPECT_EQ(to_string(Tensor::of({1.0, 0.3}).cast(bf16)), "[1.  0.3]");
  EXPECT_EQ(to_string(Tensor::of({999.0, 1.0}).cast(f16)), "[999.   1.]");
  EXPECT_EQ(to_string(Tensor::of({1001.0, 1.0}).cast(f16)), "[1.001e+03 1.000e+00]");
  for (int bits = 0; bits < 0x7c00; ++bits) {
    const Float16 x = Float16::from_bits(static_cast<std::uint16_t>(bits));
    ASSERT_EQ(Float16(std::stod(to_string(Tensor(x)))).bits, bits);
  }
}

TEST(PrintTest, ShowsSmallIntsAsNumbers) {
  EXPECT_EQ(to_string(Tensor(std::int8_t{65})), "65");
  EXPECT_EQ(to_string(Tensor::of<std::uint8_t>({0, 7, 255})), "[  0   7 255]");
  EXPECT_EQ(to_string(Tensor::of<std::int16_t>({-300, 5})), "[-300    5]");
}

}  // namespace
}  // namespace dagrad
