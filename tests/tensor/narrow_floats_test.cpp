#include "dagrad/narrow_floats.hpp"

#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "dagrad/convert.hpp"

namespace dagrad {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The value of a bit pattern according to IEEE 754, given the number of fraction bits.
double by_definition(int bits, int fraction_bits) {
  const int bias = (1 << (14 - fraction_bits)) - 1;
  const int exponent = (bits & 0x7fff) >> fraction_bits;
  const int fraction = bits & ((1 << fraction_bits) - 1), hidden = 1 << fraction_bits;
  const double sign = bits >= 0x8000 ? -1 : 1;
  if (exponent == 2 * bias + 1) return fraction == 0 ? sign * infinity : std::nan("");
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp(fraction + hidden, exponent - bias - fraction_bits);
}

template <class T>
class NarrowFloatTest : public testing::Test {
 protected:
  static constexpr int fraction_bits = std::is_same_v<T, Float16> ? 10 : 7;
  static constexpr std::uint16_t inf = detail::NarrowFormat<fraction_bits>::infinity;
  static T of(int bits) { return T::from_bits(static_cast<std::uint16_t>(bits)); }
};
using NarrowFloats = testing::Types<Float16, BFloat16>;
TYPED_TEST_SUITE(NarrowFloatTest, NarrowFloats, );

TYPED_TEST(NarrowFloatTest, EveryBitPatternConvertsToFloatAndBack) {
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const TypeParam x = this->of(bits);
    const double want = by_definition(bits, this->fraction_bits);
    if (std::isnan(want)) {
      const int quiet = bits | 1 << (this->fraction_bits - 1);
      ASSERT_TRUE(std::isnan(static_cast<float>(x))) << bits;
      ASSERT_EQ(TypeParam(static_cast<float>(x)).bits, quiet) << bits;
      ASSERT_EQ(TypeParam(static_cast<double>(static_cast<float>(x))).bits, quiet) << bits;
      continue;
    }
    ASSERT_EQ(static_cast<float>(x), want) << bits;
    ASSERT_EQ(std::signbit(static_cast<float>(x)), bits >= 1 << 15) << bits;
    ASSERT_EQ(TypeParam(static_cast<float>(x)).bits, bits);
    ASSERT_EQ(TypeParam(want).bits, bits);
  }
}

/// Between every two neighbours: the middle rounds to the even one, numbers beside it to the nearer
/// one.
TYPED_TEST(NarrowFloatTest, RoundsToTheNearestAndTiesToEven) {
  for (int bits = 0; bits < this->inf; ++bits) {
    const double low = by_definition(bits, this->fraction_bits);
    const double step = low - (bits == 0 ? -by_definition(1, this->fraction_bits)
                                         : by_definition(bits - 1, this->fraction_bits));
    const bool last = bits + 1 == this->inf;  // the next number after the largest is infinity
    const double high = last ? low + step : by_definition(bits + 1, this->fraction_bits);
    const double middle = low + (high - low) / 2;
    const int even = bits % 2 == 0 ? bits : bits + 1;
    for (const float sign : {1.0F, -1.0F}) {
      const int mark = sign < 0 ? 0x8000 : 0;
      ASSERT_EQ(TypeParam(sign * middle).bits, even | mark) << bits;
      ASSERT_EQ(TypeParam(sign * static_cast<float>(middle)).bits, even | mark) << bits;
      ASSERT_EQ(TypeParam(sign * std::nextafter(middle, 0.0)).bits, bits | mark) << bits;
      ASSERT_EQ(TypeParam(sign * std::nextafter(middle, infinity)).bits, (bits + 1) | mark) << bits;
      const auto narrow = static_cast<float>(middle);
      ASSERT_EQ(TypeParam(sign * std::nextafter(narrow, 0.0F)).bits, bits | mark) << bits;
      ASSERT_EQ(TypeParam(sign * std::nextafter(narrow, 1e38F * 9)).bits, (bits + 1) | mark)
          << bits;
    }
  }
}

TYPED_TEST(NarrowFloatTest, RoundsTheSameInEveryMode) {
  const int before = std::fegetround();
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(mode);
    for (const double x : {1.0001, -1.0001, 65519.0, 1e-7, -1e-7}) {
      volatile double at = x;
      const int bits = TypeParam(at).bits;
      std::fesetround(before);
      EXPECT_EQ(bits, TypeParam(x).bits) << x;
      std::fesetround(mode);
    }
  }
  std::fesetround(before);
}

TEST(NarrowFloats, OverflowFromHalfWayToTheNextPower) {
  EXPECT_EQ(static_cast<float>(Float16(65519.99)), 65504);
  EXPECT_EQ(static_cast<float>(Float16(65520.0)), infinity);
  EXPECT_EQ(static_cast<float>(Float16(-65520)), -infinity);
  EXPECT_EQ(static_cast<float>(Float16(1e300)), infinity);
  EXPECT_EQ(static_cast<float>(BFloat16(0x1.fep127)), 0x1.fep127F);
  EXPECT_EQ(static_cast<float>(BFloat16(std::numeric_limits<float>::max())), infinity);
}

TEST(NarrowFloats, UnderflowToZeroFromHalfOfTheSmallest) {
  EXPECT_EQ(Float16(0x1p-25).bits, 0);
  EXPECT_EQ(Float16(-0x1p-25).bits, 0x8000);
  EXPECT_EQ(Float16(0x1.0000000000001p-25).bits, 1);
  EXPECT_EQ(Float16(std::numeric_limits<double>::denorm_min()).bits, 0);
  EXPECT_EQ(BFloat16(0x1p-134).bits, 0);
  EXPECT_EQ(BFloat16(0x1.0000000000001p-134).bits, 1);
  EXPECT_EQ(BFloat16(std::numeric_limits<float>::denorm_min()).bits, 0);
}

TEST(NarrowFloats, AreRoundedOnce) {
  // Through a float, the last bit would be lost and the tie would round to the even neighbour.
  const double above = 1 + 0x1p-11 + 0x1p-40;
  EXPECT_EQ(Float16(above).bits, Float16(1 + 0x1p-10).bits);
  EXPECT_EQ(Float16(static_cast<float>(above)).bits, Float16(1.0).bits);
  EXPECT_EQ(BFloat16(1 + 0x1p-8 + 0x1p-40).bits, BFloat16(1 + 0x1p-7).bits);
  // Through a double, so would this one.
  const std::int64_t large = (std::int64_t{1} << 62) + (std::int64_t{1} << 54);
  EXPECT_EQ(BFloat16(large).bits, BFloat16(0x1p62).bits);
  EXPECT_EQ(BFloat16(large + 1).bits, BFloat16(0x1.02p62).bits);
  EXPECT_EQ(BFloat16(-large - 1).bits, BFloat16(-0x1.02p62).bits);
  EXPECT_EQ(BFloat16(-large + 1).bits, BFloat16(-0x1p62).bits);
  EXPECT_EQ(BFloat16(std::numeric_limits<std::int64_t>::max()).bits, BFloat16(0x1p63).bits);
  EXPECT_EQ(BFloat16(std::numeric_limits<std::int64_t>::min()).bits, BFloat16(-0x1p63).bits);
}

TEST(NarrowFloats, ConvertToIntegersLikeFloats) {
  EXPECT_EQ(convert<std::int8_t>(Float16(-128.9)), -128);
  EXPECT_EQ(convert<std::int8_t>(Float16(200)), 127);
  EXPECT_EQ(convert<std::uint8_t>(Float16(-0.5)), 0);
  EXPECT_EQ(convert<std::uint8_t>(Float16(-5)), 0);
  EXPECT_EQ(convert<std::uint8_t>(Float16(255.75)), 255);
  EXPECT_EQ(convert<std::uint8_t>(Float16(256)), 255);
  EXPECT_EQ(convert<std::int16_t>(Float16(infinity)), 32767);
  EXPECT_EQ(convert<std::int16_t>(BFloat16(-infinity)), -32768);
  EXPECT_EQ(convert<std::int64_t>(BFloat16(1e30)), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(convert<std::int16_t>(Float16(std::nan(""))), 0);
  EXPECT_EQ(convert<bool>(Float16(std::nan(""))), true);
  EXPECT_EQ(convert<bool>(Float16(-0.0)), false);
  EXPECT_EQ(static_cast<float>(convert<Float16>(true)), 1);
  EXPECT_EQ(convert<std::uint8_t>(std::int32_t{-1}), 255);
  EXPECT_EQ(convert<std::int8_t>(std::int64_t{200}), -56);
}

static_assert(static_cast<float>(Float16(0.1)) == 0x1.998p-4F);
static_assert(static_cast<float>(BFloat16(-3)) == -3);

}  // namespace
}  // namespace dagrad
