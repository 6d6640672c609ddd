#include "dagrad/dtype.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "dagrad/error.hpp"
#include "dagrad/literal.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

constexpr DType all[] = {b8, i8, u8, i16, i32, i64, f16, bf16, f32, f64};

TEST(DTypeTest, HasNameSizeAndCppType) {
  static_assert(std::size(all) == dtype_count);
  EXPECT_EQ(name(b8), "bool");
  EXPECT_EQ(name(u8), "uint8");
  EXPECT_EQ(name(bf16), "bfloat16");
  EXPECT_EQ(name(f32), "float32");
  EXPECT_EQ(size_of(b8), 1U);
  EXPECT_EQ(size_of(i64), 8U);
  for (const DType dtype : all) {
    dispatch_stored(dtype, [&]<class T>(std::type_identity<T>) {
      EXPECT_EQ(dtype_of<T>, dtype);
      EXPECT_EQ(sizeof(T), size_of(dtype));
      EXPECT_EQ(is_float(dtype), !std::is_integral_v<T>);
      if constexpr (std::is_arithmetic_v<T>) {
        EXPECT_EQ(digits(dtype), std::numeric_limits<T>::digits);
      }
    });
    dispatch_width(dtype,
                   [&]<class T>(std::type_identity<T>) { EXPECT_EQ(sizeof(T), size_of(dtype)); });
  }
  EXPECT_EQ(digits(f16), 11);
  EXPECT_EQ(digits(bf16), 8);
}

TEST(DTypeTest, ComputesInItselfOrAWiderOne) {
  for (const DType dtype : all) {
    EXPECT_EQ(is_stored_only(dtype), !compute_dtypes.contains(dtype)) << name(dtype);
    EXPECT_TRUE(compute_dtypes.contains(compute_dtype(dtype)));
    EXPECT_EQ(is_float(compute_dtype(dtype)), is_float(dtype));
    EXPECT_GE(digits(compute_dtype(dtype)), digits(dtype));
    const auto computes = [&] { dispatch(dtype, [](auto) {}); };
    if (is_stored_only(dtype)) {
      EXPECT_THROW(computes(), TypeError);
    } else {
      EXPECT_NO_THROW(computes());
    }
  }
  EXPECT_THROWS(
      dispatch(f16, [](auto) {}), TypeError,
      "float16 elements can be stored but not computed with: convert them with cast to float32");
  EXPECT_THROWS(
      dispatch(u8, [](auto) {}), TypeError,
      "uint8 elements can be stored but not computed with: convert them with cast to int32");
}

/// Whether every element of dtype `a` is also one of `b`.
bool holds(DType b, DType a) {
  if (a == b || a == b8) return true;
  if (is_float(a) || is_float(b)) return !is_float(a);  // a float is promoted only with integers
  return digits(b) >= digits(a) && !(b == u8 && a != u8);
}

TEST(DTypeTest, PromotesToTheSmallestThatHoldsBoth) {
  for (const DType a : all) {
    for (const DType b : all) {
      if (is_float(a) && is_float(b) && a != b) {
        EXPECT_THROW(promote(a, b), TypeError);
        continue;
      }
      const auto both = [&](DType dtype) { return holds(dtype, a) && holds(dtype, b); };
      const DType smallest = *std::find_if(std::begin(all), std::end(all), both);
      EXPECT_EQ(promote(a, b), is_float(a)   ? a
                               : is_float(b) ? b
                                             : smallest)
          << name(a) << " " << name(b);
    }
  }
  EXPECT_EQ(promote(i8, u8), i16);
  EXPECT_EQ(promote(u8, i16), i16);
  EXPECT_EQ(promote(b8, u8), u8);
  EXPECT_EQ(promote(i16, i64), i64);
  EXPECT_EQ(promote(i64, f16), f16);
}

TEST(DTypeTest, FloatsOfTwoWidthsDoNotMix) {
  EXPECT_THROWS(
      promote(f32, f64), TypeError,
      "float32 and float64 do not mix: make them one dtype with cast(x, f64) or cast(x, f32)");
  EXPECT_THROWS(promote(f64, f32), TypeError,
                "float64 and float32 do not mix: make them one dtype "
                "with cast(x, f64) or cast(x, f32)");
  EXPECT_THROWS(promote(bf16, f16), TypeError,
                "bfloat16 and float16 do not mix: make them one dtype with cast(x, bf16) or "
                "cast(x, f16)");
}

TEST(DTypeTest, SetsContainTheirDtypes) {
  EXPECT_TRUE(float_dtypes.contains(f32));
  EXPECT_FALSE(float_dtypes.contains(i32));
  EXPECT_TRUE(number_dtypes.contains(i64));
  EXPECT_FALSE(number_dtypes.contains(b8));
  EXPECT_FALSE(number_dtypes.contains(i16));
  EXPECT_TRUE(number_dtypes.contains(f16));
  for (const DType dtype : all) {
    EXPECT_TRUE(all_dtypes.contains(dtype));
    EXPECT_EQ(float_dtypes.contains(dtype), is_float(dtype));
    EXPECT_EQ((float_dtypes & compute_dtypes).contains(dtype), dtype == f32 || dtype == f64);
  }
}

template <class T>
T element(Literal literal) {
  const std::uint64_t bits = literal.bits(dtype_of<T>);
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

TEST(LiteralTest, AcceptsAnyDtypeThatRepresentsIt) {
  EXPECT_EQ(element<float>(0.1), 0.1F);
  EXPECT_EQ(element<double>(0.1F), static_cast<double>(0.1F));
  EXPECT_EQ(element<double>(3), 3.0);
  EXPECT_EQ(element<std::int32_t>(-3), -3);
  EXPECT_EQ(element<std::int64_t>(-3), -3);
  EXPECT_EQ(element<std::int32_t>(2.0), 2);
  EXPECT_EQ(element<bool>(true), true);
  EXPECT_EQ(element<bool>(1), true);
  EXPECT_EQ(element<std::int8_t>(-128), -128);
  EXPECT_EQ(element<std::uint8_t>(255.0), 255);
  EXPECT_EQ(element<std::int16_t>(-3), -3);
  EXPECT_EQ(element<Float16>(0.1).bits, Float16(0.1).bits);
  EXPECT_EQ(element<BFloat16>(0.1).bits, BFloat16(0.1).bits);
  EXPECT_EQ(element<Float16>(70000).bits, 0x7c00);
  EXPECT_EQ(element<std::int64_t>(std::numeric_limits<std::int64_t>::min()),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(std::isnan(element<float>(std::nan(""))));
  EXPECT_TRUE(std::signbit(element<double>(-0.0)));
}

TEST(LiteralTest, IsRoundedOnce) {
  // Through a double it would become 2^54, the even neighbour.
  const std::int64_t middle = (std::int64_t{1} << 54) + (std::int64_t{1} << 30) + 1;
  EXPECT_EQ(element<float>(middle), static_cast<float>(middle));
  EXPECT_NE(element<float>(middle), static_cast<float>(static_cast<double>(middle)));
  EXPECT_EQ(element<Float16>(1 + 0x1p-11 + 0x1p-40).bits, Float16(1 + 0x1p-10).bits);
  EXPECT_EQ(element<BFloat16>((std::int64_t{1} << 62) + (std::int64_t{1} << 54) + 1).bits,
            BFloat16(0x1.02p62).bits);
}

TEST(LiteralTest, RefusesNumbersThatIntegersCannotRepresent) {
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
  EXPECT_THROWS(Literal(-129).bits(i8), ArgumentError,
                "the number -129 is outside the range of int8");
  EXPECT_THROWS(Literal(-1).bits(u8), ArgumentError, "the number -1 is outside the range of uint8");
  EXPECT_THROWS(Literal(0.5).bits(i16), TypeError,
                "the number 0.5 does not fit int16: cast the tensor to a float dtype");
  EXPECT_THROWS(Literal(2).bits(b8), ArgumentError, "the number 2 is outside the range of bool");
}

}  // namespace
}  // namespace dagrad
