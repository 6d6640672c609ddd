#pragma once

#include <gtest/gtest.h>

#include "dagrad/check.hpp"
#include "dagrad/tensor.hpp"

/// Assertions for GoogleTest.
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
/// Whether the types are equal and |a − b| ≤ absolute + relative·|b| for every element.
inline ::testing::AssertionResult near(const Tensor& a, const Tensor& b, double relative,
                                       double absolute = 0) {
  const Difference difference = compare(a, b, relative, absolute);
  return holds(difference.close, difference.text);
}
/// Whether the types and all bits are equal.
inline ::testing::AssertionResult same(const Tensor& a, const Tensor& b) {
  const Difference difference = compare(a, b, 0);
  return holds(same_bits(a, b), difference.close ? "the bits differ" : difference.text);
}

}  // namespace dagrad::testing

/// Expect that `check_gradient` or `check_op` passes for these arguments; if not, print the report.
#define EXPECT_GRADIENT(...) \
  EXPECT_TRUE(::dagrad::testing::passed(::dagrad::check_gradient(__VA_ARGS__)))
#define ASSERT_GRADIENT(...) \
  ASSERT_TRUE(::dagrad::testing::passed(::dagrad::check_gradient(__VA_ARGS__)))
#define EXPECT_OP(...) EXPECT_TRUE(::dagrad::testing::passed(::dagrad::check_op(__VA_ARGS__)))
#define ASSERT_OP(...) ASSERT_TRUE(::dagrad::testing::passed(::dagrad::check_op(__VA_ARGS__)))

/// Expect that two tensors have the same type and close elements, given (a, b, relative) or (a, b,
/// relative, absolute) as for `compare`; or that they have equal bits.
#define EXPECT_TENSOR_NEAR(...) EXPECT_TRUE(::dagrad::testing::near(__VA_ARGS__))
#define ASSERT_TENSOR_NEAR(...) ASSERT_TRUE(::dagrad::testing::near(__VA_ARGS__))
#define EXPECT_TENSOR_SAME(a, b) EXPECT_TRUE(::dagrad::testing::same(a, b))
#define ASSERT_TENSOR_SAME(a, b) ASSERT_TRUE(::dagrad::testing::same(a, b))
