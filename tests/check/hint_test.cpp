#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/check/faults.hpp"

namespace dagrad::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

Value smooth(const Value& x) { return tanh(x); }

class Hint : public ::testing::Test {
 protected:
  /// The report on the sum of squares of `y`, a function of x whose gradient the rule makes of the
  /// right one.
  CheckReport report_of(Value (*y)(const Value&), Value (*rule)(const Value&)) {
    Graph graph;
    const Value x = graph.parameter("x", tensor);
    const Value bad = custom_gradient(y(x), {x}, [y, rule](const GradContext& g) -> Grads {
      return {rule(gradient(y(g.in[0]), g.in[0], {.seed = g.dout}))};
    });
    const CheckReport report = check_gradient(bad, x);
    EXPECT_EQ(report.verdict(), Verdict::disagree) << report;
    return report;
  }
  std::string hint_of(Value (*y)(const Value&), Value (*rule)(const Value&)) {
    const CheckReport report = report_of(y, rule);
    EXPECT_THAT(report.text(), HasSubstr("\nhint: " + report.hint() + "\n"));
    return report.hint();
  }
  Tensor tensor = Rng(1).normal({3, 3});
};

TEST_F(Hint, NamesASign) {
  EXPECT_EQ(hint_of(smooth, [](const Value& d) { return -d; }),
            "the gradient in 'x' has the wrong sign");
}

TEST_F(Hint, NamesAFactor) {
  EXPECT_EQ(hint_of(smooth, [](const Value& d) { return 2 * d; }),
            "the gradient in 'x' is 2 times the slope: a factor may be missing or applied twice");
  EXPECT_EQ(hint_of(smooth, [](const Value& d) { return d / 2; }),
            "the gradient in 'x' is 0.5 times the slope: a factor may be missing or applied "
            "twice");
  EXPECT_EQ(hint_of(smooth, [](const Value& d) { return d / 3; }),
            "the gradient in 'x' is 0.333333 times the slope: axis 0 has that many elements, so a "
            "sum may have taken the place of a mean");
  EXPECT_EQ(hint_of(smooth, [](const Value& d) { return 0 * d; }),
            "the gradient in 'x' is 0: the rule may lack a term, or something stops the gradient");
}

TEST_F(Hint, NamesATransposedGradient) {
  EXPECT_EQ(hint_of(smooth, [](const Value& d) { return transpose(d); }),
            "the gradient in 'x' is transposed");
}

TEST_F(Hint, NamesAReversedAxis) {
  EXPECT_EQ(hint_of(smooth, [](const Value& d) { return flip(d, 1); }),
            "the gradient in 'x' is reversed along axis 1");
}

TEST_F(Hint, NamesAWrongAxis) {
  EXPECT_EQ(hint_of([](const Value& x) { return sum(x, 1); },
                    [](const Value& d) { return broadcast_like(sum(d, 0, true), d); }),
            "the gradient in 'x' varies along axes [], but the slope varies along axes [0]: an "
            "axis may be "
            "wrong");
  EXPECT_EQ(hint_of(smooth, [](const Value& d) { return roll(d, 1, 0); }),
            "the gradient in 'x' has the right numbers at the wrong elements: an axis or an index "
            "may be wrong");
}

TEST_F(Hint, IsEmptyWhereNothingIsInCommon) {
  const CheckReport report = report_of(smooth, [](const Value& d) { return d * d; });
  EXPECT_EQ(report.hint(), "");
  EXPECT_THAT(report.text(), Not(HasSubstr("\nhint: ")));
  Graph graph;
  const Value x = graph.parameter("x", tensor);
  EXPECT_EQ(check_gradient(tanh(x), x).hint(), "");
}

TEST_F(Hint, ShowsSeveralElementsWithTheirIndices) {
  const std::string text = report_of(smooth, [](const Value& d) { return -d; }).text();
  EXPECT_THAT(text, HasSubstr("worst: 'x', element "));
  EXPECT_THAT(text, HasSubstr("also:\n  'x', element "));
  EXPECT_THAT(text, HasSubstr(", element 5 [1,2]: "));
  std::size_t lines = 0;
  for (std::size_t at = text.find("\n  'x'"); at != text.npos; at = text.find("\n  'x'", at + 1))
    ++lines;
  EXPECT_EQ(lines, 4U) << text;
}

TEST_F(Hint, IsGivenForDirectionsToo) {
  tensor = Rng(1).normal({9, 9});
  EXPECT_EQ(hint_of(smooth, [](const Value& d) { return -d; }),
            "the gradient in 'x' has the wrong sign");
}

TEST_F(Hint, StandsInReportsOnOps) {
  EXPECT_THAT(check_op(faulted(Tanh{}, Fault::doubled)).text(), HasSubstr("is 2 times the slope"));
}

}  // namespace
}  // namespace dagrad::tests
