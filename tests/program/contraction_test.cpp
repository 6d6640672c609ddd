#include <gtest/gtest.h>

#include <limits>

#include "dagrad/number.hpp"

/// Compiled as a consumer might do it, with contraction for a processor with fused multiply-add.
namespace dagrad {
namespace {

// The functions are separate, so that they do not share a product, and the values are known only at
// run time.
template <class T>
[[gnu::noinline]] T contracted(const volatile T* x) {
  const T a = x[0], b = x[1], c = x[2];
  return a * b + c;
}
template <class T>
[[gnu::noinline]] T of_numbers(const volatile T* x) {
  const Number<T> a(x[0]), b(x[1]), c(x[2]);
  return (a * b + c).value();
}

template <class T>
void expect_two_roundings() {
  const T e = std::numeric_limits<T>::epsilon();
  const volatile T x[] = {1 + e, 1 - e, -1};  // the product is 1 - e², rounded 1
  EXPECT_EQ(contracted(x), -e * e) << "the compiler does not contract, so this test shows nothing";
  EXPECT_EQ(of_numbers(x), 0);
}

TEST(Contraction, DoesNotAffectNumbers) {
  if (!__builtin_cpu_supports("fma")) GTEST_SKIP();
  expect_two_roundings<float>();
  expect_two_roundings<double>();
}

}  // namespace
}  // namespace dagrad
