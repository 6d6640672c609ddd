#include "src/train/first_not_finite.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace dagrad {
namespace {

TEST(FirstNotFinite, FindsTheFirstOneAnywhere) {
  constexpr std::int64_t size = 10'000;
  for (const DType dtype : {f64, f32, f16, bf16}) {
    EXPECT_EQ(detail::first_not_finite(Tensor::full({f64, {size}}, -1e4).cast(dtype)), -1);
    for (const double number :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
          -std::numeric_limits<double>::infinity()}) {
      for (const std::int64_t at : {0, 1, 4095, 4096, 4097, 9999}) {
        Tensor numbers(Type{f64, {size}});
        numbers.mutate<double>()[static_cast<std::size_t>(at)] = number;
        numbers.mutate<double>().back() = number;
        EXPECT_EQ(detail::first_not_finite(numbers.cast(dtype)), at)
            << name(dtype) << " " << number;
      }
    }
  }
}

TEST(FirstNotFinite, KnowsExtremeNumbers) {
  using Limits = std::numeric_limits<double>;
  EXPECT_EQ(detail::first_not_finite(Tensor::of(
                {Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min(), -0.0})),
            -1);
  EXPECT_EQ(detail::first_not_finite(Tensor(Type{f32, {0}})), -1);
  EXPECT_EQ(detail::first_not_finite(Tensor(std::numeric_limits<float>::infinity())), 0);
  EXPECT_EQ(detail::first_not_finite(Tensor::of<std::int64_t>({1, 2})), -1);
}

}  // namespace
}  // namespace dagrad
