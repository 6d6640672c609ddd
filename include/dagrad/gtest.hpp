#pragma once

#include <gtest/gtest.h>

#include "dagrad/check.hpp"
#include "dagrad/tensor.hpp"

/// What dagrad's users and dagrad itself say in GoogleTest programs.
namespace dagrad::testing {

inline ::testing::AssertionResult holds(bool good, const std::string& text) {
  return good ? ::testing::AssertionSuccess() << text : ::testing::AssertionFailure() << text;
}
inline ::testing::AssertionResult passed(const CheckReport& report) {
  if (report.passed() && !report.warnings.empty()) GTEST_LOG_(WARNING) << report.text();
  return holds(report.passed(), report.text());
}
inline ::testing::AssertionResult passed(const OpReport& report) {
  return holds(report.passed(), report.text());
}
/// Whether |a − b| ≤ absolute + relative·|b| in every element, and the types are the same.
inline ::testing::AssertionResult near(const Tensor& a, const Tensor& b, double relative,
                                       double absolute = 0) {
  const Difference difference = compare(a, b, relative, absolute);
  return holds(difference.close, difference.text);
}
/// Whether the types and all bits are the same.
inline ::testing::AssertionResult same(const Tensor& a, const Tensor& b) {
  const Difference difference = compare(a, b, 0);
  return holds(same_bits(a, b), difference.close ? "the bits differ" : difference.text);
}

}  // namespace dagrad::testing

/// `check_gradient` and `check_op` of the same arguments pass; else their reports are shown.
#define EXPECT_GRADIENT(...) \
  EXPECT_TRUE(::dagrad::testing::passed(::dagrad::check_gradient(__VA_ARGS__)))
#define ASSERT_GRADIENT(...) \
  ASSERT_TRUE(::dagrad::testing::passed(::dagrad::check_gradient(__VA_ARGS__)))
#define EXPECT_OP(...) EXPECT_TRUE(::dagrad::testing::passed(::dagrad::check_op(__VA_ARGS__)))
#define ASSERT_OP(...) ASSERT_TRUE(::dagrad::testing::passed(::dagrad::check_op(__VA_ARGS__)))

/// Tensors of one type: (a, b, relative) or (a, b, relative, absolute), of b's elements; and to the
/// bit.
#define EXPECT_TENSOR_NEAR(...) EXPECT_TRUE(::dagrad::testing::near(__VA_ARGS__))
#define ASSERT_TENSOR_NEAR(...) ASSERT_TRUE(::dagrad::testing::near(__VA_ARGS__))
#define EXPECT_TENSOR_SAME(a, b) EXPECT_TRUE(::dagrad::testing::same(a, b))
#define ASSERT_TENSOR_SAME(a, b) ASSERT_TRUE(::dagrad::testing::same(a, b))
