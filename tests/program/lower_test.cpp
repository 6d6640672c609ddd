#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/program/primitives.hpp"
#include "tests/program/support.hpp"

namespace dagrad::test {
namespace {

std::ptrdiff_t count(const Program& program, Primitive word) {
  return std::count_if(program.steps.begin(), program.steps.end(),
                       [&](const Instruction& step) { return step.primitive == word; });
}

TEST(Lower, LeavesOnlyBasicPrimitives) {
  const Program p = record2([](auto x, auto y) {
    return sigmoid(x) + softplus(y) * rsqrt(x) - sign(y) / logaddexp(x, y);
  });
  for (const Instruction& step : lower(p).steps)
    EXPECT_FALSE(detail::is_composite(step.primitive)) << name(step.primitive);
  EXPECT_EQ(lower(p).inputs, p.inputs);
  const Program q = record2([](auto x, auto y) { return joint(x, y) * pow(x, 3); });
  for (const Instruction& step : lower(q).steps)
    EXPECT_FALSE(detail::is_composite(step.primitive)) << name(step.primitive);
}

TEST(Lower, ChangesNoBit) {
  for (DType dtype : {f32, f64}) {
    for (Primitive word :
         {Primitive::sigmoid, Primitive::softplus, Primitive::rsqrt, Primitive::sign}) {
      const Program p = record1([&](auto x) { return Symbol::call(word, x); }, dtype), q = lower(p);
      for (double x : {-800.0, -12.0, -0.5, -0.0, 0.0, 1e-30, 0.5, 12.0, 800.0,
                       std::numeric_limits<double>::infinity()}) {
        const double a = run(p, {x})[0], b = run(q, {x})[0];
        if (a == a || b == b) {
          EXPECT_EQ(to_bits(a), to_bits(b)) << name(word) << ' ' << x;
        }
      }
    }
  }
}

TEST(Lower, KeepsBasicPrograms) {
  const Program p = record1([](auto x) { return select(x > 0, sqrt(x), -x * 0.5); });
  EXPECT_EQ(lower(p), p);
}

TEST(Lower, ComputesOneExpForBothSignsOfSigmoid) {
  const Program slope = derivative(record1([](auto x) { return tanh(x); }));
  EXPECT_EQ(count(lower(slope), Primitive::exp), 1);
  EXPECT_EQ(count(lower(slope), Primitive::tanh), 0);
}

TEST(Lower, SignOfIntegersIsSelected) {
  const Program p = lower(record1([](auto x) { return sign(x); }, i32));
  EXPECT_EQ(run(p, {-7})[0], -1);
  EXPECT_EQ(run(p, {0})[0], 0);
  EXPECT_EQ(run(p, {9})[0], 1);
}

}  // namespace
}  // namespace dagrad::test
