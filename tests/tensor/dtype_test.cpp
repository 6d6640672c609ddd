#include "dagrad/dtype.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "dagrad/error.hpp"
#include "dagrad/literal.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

constexpr DType all[] = {b8, i32, i64, f32, f64};

TEST(DTypeTest, HasNameSizeAndCppType) {
  EXPECT_EQ(name(b8), "bool");
  EXPECT_EQ(name(f32), "float32");
  EXPECT_EQ(size_of(b8), 1U);
  EXPECT_EQ(size_of(i64), 8U);
  for (const DType dtype : all) {
    dispatch(dtype, [&]<class T>(std::type_identity<T>) {
      EXPECT_EQ(dtype_of<T>, dtype);
      EXPECT_EQ(sizeof(T), size_of(dtype));
    });
  }
}

TEST(DTypeTest, PromotesUpTheLadder) {
  // A row for each dtype in order; float32 with float64 is the one pair that does not mix.
  const DType table[5][5] = {{b8, i32, i64, f32, f64},
                             {i32, i32, i64, f32, f64},
                             {i64, i64, i64, f32, f64},
                             {f32, f32, f32, f32, f32},
                             {f64, f64, f64, f64, f64}};
  for (std::size_t a = 0; a < 5; ++a) {
    for (std::size_t b = 0; b < 5; ++b) {
      if (a + b == 7 && a != b) continue;
      EXPECT_EQ(promote(all[a], all[b]), table[a][b]) << name(all[a]) << " " << name(all[b]);
    }
  }
}

TEST(DTypeTest, FloatsOfTwoWidthsDoNotMix) {
  EXPECT_THROWS(
      promote(f32, f64), TypeError,
      "float32 and float64 do not mix: make them one dtype with cast(x, f64) or cast(x, f32)");
  EXPECT_THROWS(promote(f64, f32), TypeError,
                "float64 and float32 do not mix: make them one dtype "
                "with cast(x, f64) or cast(x, f32)");
}

TEST(DTypeTest, SetsHoldWhatTheyName) {
  EXPECT_TRUE(float_dtypes.contains(f32));
  EXPECT_FALSE(float_dtypes.contains(i32));
  EXPECT_TRUE(number_dtypes.contains(i64));
  EXPECT_FALSE(number_dtypes.contains(b8));
  EXPECT_TRUE(all_dtypes.contains(b8));
}

template <class T>
T element(Literal literal) {
  const std::uint64_t bits = literal.bits(dtype_of<T>);
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

TEST(LiteralTest, TakesAnyDtypeThatHoldsIt) {
  EXPECT_EQ(element<float>(0.1), 0.1F);
  EXPECT_EQ(element<double>(0.1F), static_cast<double>(0.1F));
  EXPECT_EQ(element<double>(3), 3.0);
  EXPECT_EQ(element<std::int32_t>(-3), -3);
  EXPECT_EQ(element<std::int64_t>(-3), -3);
  EXPECT_EQ(element<std::int32_t>(2.0), 2);
  EXPECT_EQ(element<bool>(true), true);
  EXPECT_EQ(element<bool>(1), true);
  EXPECT_EQ(element<std::int64_t>(std::numeric_limits<std::int64_t>::min()),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(std::isnan(element<float>(std::nan(""))));
  EXPECT_TRUE(std::signbit(element<double>(-0.0)));
}

TEST(LiteralTest, IsRoundedOnce) {
  // By way of a double it would be 2^54, the even neighbour.
  const std::int64_t middle = (std::int64_t{1} << 54) + (std::int64_t{1} << 30) + 1;
  EXPECT_EQ(element<float>(middle), static_cast<float>(middle));
  EXPECT_NE(element<float>(middle), static_cast<float>(static_cast<double>(middle)));
}

TEST(LiteralTest, RefusesWhatIntegersDoNotHold) {
  EXPECT_THROWS(Literal(0.5).bits(i32), TypeError,
                "the number 0.5 does not fit int32: cast the tensor to a float dtype");
  EXPECT_THROWS(Literal(0.5).bits(b8), TypeError,
                "the number 0.5 does not fit bool: cast the tensor to a float dtype");
  EXPECT_THROWS(Literal(HUGE_VAL).bits(i64), TypeError,
                "the number inf does not fit int64: cast the tensor to a float dtype");
  EXPECT_THROWS(Literal(std::nan("")).bits(i64), TypeError,
                "the number nan does not fit int64: cast the tensor to a float dtype");
  EXPECT_THROWS(Literal(std::int64_t{1} << 31).bits(i32), ArgumentError,
                "the number 2147483648 is outside the range of int32");
  EXPECT_THROWS(Literal(1e300).bits(i64), ArgumentError,
                "the number 1e+300 is outside the range of int64");
  EXPECT_THROWS(Literal(std::numeric_limits<std::uint64_t>::max()).bits(i64), ArgumentError,
                "the number 1.8446744073709552e+19 is outside the range of int64");
  EXPECT_THROWS(Literal(2).bits(b8), ArgumentError, "the number 2 is outside the range of bool");
}

}  // namespace
}  // namespace dagrad
