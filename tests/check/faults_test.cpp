#include "tests/check/faults.hpp"

#include <gtest/gtest.h>

#include "dagrad/check.hpp"
#include "dagrad/dagrad.hpp"
#include "tests/sanitized.hpp"

namespace dagrad::tests {
namespace {

std::vector<Op> smooth_ops() {
  return {Sin{},
          Exp{},
          Log{},
          Tanh{},
          Sigmoid{},
          Sqrt{},
          Square{},
          Softplus{},
          Gelu{},
          Mul{},
          Div{},
          Hypot{},
          Sum{{{1}, false}},
          Prod{{{1}, false}},
          LogSumExp{{{1}, false}},
          Matmul{}};
}
std::vector<Op> binary_ops() {
  return {Sub{},   Mul{},       Div{},     Pow{},     Atan2{},    Pull{},
          Hypot{}, Logaddexp{}, Maximum{}, Minimum{}, Remainder{}};
}

/// The samples of an op with the fault.
Samples samples_with(const Op& op, Fault fault) {
  Rng rng(1);
  Samples samples = default_samples(op, rng);
  for (Sample& sample : samples) sample.op = faulted(sample.op, fault);
  return samples;
}

/// Expects that the op passes, and with the fault fails in the check called `instrument`.
void expect_rejected(const Op& op, const Samples& right, const Samples& wrong, Fault fault,
                     std::string_view instrument) {
  const OpReport before = check_op(op, right), after = check_op(op, wrong);
  EXPECT_TRUE(before.passed()) << before;
  EXPECT_FALSE(after.passed()) << name(fault) << " in " << op.name();
  EXPECT_NE(after.text().find(instrument), std::string::npos)
      << name(fault) << " in " << op.name() << " should be found by '" << instrument << "'\n"
      << after;
}

void expect_rejected(const std::vector<Op>& ops, Fault fault, std::string_view instrument) {
  EXPECT_GE(ops.size(), 10U);
  for (const Op& op : ops) {
    Rng rng(1);
    expect_rejected(op, default_samples(op, rng), samples_with(op, fault), fault, instrument);
  }
}

TEST(PlantedFault, OfFirstOrderIsFoundByDifferences) {
  for (const Fault fault :
       {Fault::sign, Fault::lost_dout, Fault::zeroed, Fault::doubled, Fault::off}) {
    expect_rejected(smooth_ops(), fault, "first derivative");
    if (sanitized) break;  // the others take the same paths
  }
}

TEST(PlantedFault, OfTwoOperandsIsFoundByDifferences) {
  expect_rejected(binary_ops(), Fault::swapped, "first derivative");
  std::vector<Op> broadcast = binary_ops();
  std::erase_if(broadcast, [](const Op& op) {
    return op.get_if<Remainder>() != nullptr;
  });  // none of its own samples broadcasts
  broadcast.push_back(Add{});
  expect_rejected(broadcast, Fault::no_sum, "first derivative");
}

TEST(PlantedFault, OfMatricesIsFoundByDifferences) {
  for (const Op& op :
       {Op(Sin{}), Op(Exp{}), Op(Tanh{}), Op(Sigmoid{}), Op(Square{}), Op(Softplus{}), Op(Gelu{}),
        Op(Mul{}), Op(Hypot{}), Op(Matmul{}), Op(Div{})}) {
    Rng rng(1);
    Sample right{op, {rng.normal({3, 3})}};
    const bool unary = op.get_if<Mul>() == nullptr && op.get_if<Hypot>() == nullptr &&
                       op.get_if<Matmul>() == nullptr && op.get_if<Div>() == nullptr;
    if (!unary) right.in.push_back(rng.normal({3, 3}));
    Sample wrong = right;
    wrong.op = faulted(op, Fault::transposed);
    expect_rejected(op, {right}, {wrong}, Fault::transposed, "first derivative");
  }
}

TEST(PlantedFault, OfAValueUsedTwiceIsFoundByDifferences) {
  for (const Op& op : {Op(Add{}), Op(Sub{}), Op(Mul{}), Op(Div{}), Op(Pow{}), Op(Atan2{}),
                       Op(Hypot{}), Op(Logaddexp{}), Op(Pull{}), Op(AddN{}), Op(Matmul{})}) {
    const auto check = [](const Op& op_to_check) {
      Graph graph;
      Rng rng(1);
      const Value x = graph.input("x", {f64, {3, 3}});
      const std::vector<Operand> operands{x, x};
      return check_gradient(apply(op_to_check, operands).front(), x,
                            {{x, rng.uniform({3, 3}, 0.5, 2)}});
    };
    EXPECT_TRUE(check(op).passed()) << op.name() << check(op);
    const CheckReport wrong = check(faulted(op, Fault::overwritten));
    EXPECT_EQ(wrong.verdict(), Verdict::disagree) << op.name();
    EXPECT_NE(wrong.culprit.find(op.name()), std::string::npos) << wrong;
  }
}

/// Checks Σ op(exp(x), …), in which the op gets a constant cotangent.
CheckReport check_sum_of(const Op& op, std::size_t operands, DType dtype) {
  Graph graph;
  Rng rng(1);
  const Value x = graph.input("x", {dtype, {3, 3}});
  std::vector<Operand> in;
  for (std::size_t i = 0; i < operands; ++i) in.emplace_back(exp(x / static_cast<double>(i + 1)));
  return check_gradient(sum(apply(op, in).front()), x, {{x, rng.uniform({3, 3}, 0.1, 0.6, dtype)}});
}

TEST(PlantedFault, HiddenByAConstantCotangentIsFoundInTheNodeAlone) {
  const std::pair<Op, std::size_t> ops[] = {{Sin{}, 1},
                                            {Log{}, 1},
                                            {Tanh{}, 1},
                                            {Square{}, 1},
                                            {Softplus{}, 1},
                                            {CumSum{}, 1},
                                            {Mul{}, 2},
                                            {Div{}, 2},
                                            {Add{}, 2},
                                            {Pow{}, 2},
                                            {Transpose{{1, 0}}, 1},
                                            {Matmul{}, 2},
                                            {Hypot{}, 2},
                                            {LogCumSumExp{}, 1}};
  for (const auto& [op, operands] : ops) {
    for (const DType dtype : {f64, f32}) {
      const CheckReport right = check_sum_of(op, operands, dtype);
      EXPECT_TRUE(right.passed()) << op.name() << right;
      const CheckReport wrong = check_sum_of(faulted(op, Fault::averaged), operands, dtype);
      EXPECT_EQ(wrong.verdict(), Verdict::disagree) << op.name() << wrong;
      EXPECT_EQ(wrong.count(Verdict::disagree), 0U) << op.name() << wrong;
      EXPECT_NE(wrong.culprit.find(", " + std::string(op.name()) + ", made at"), std::string::npos)
          << wrong;
      ASSERT_TRUE(wrong.fault) << wrong;
      EXPECT_EQ(wrong.fault->verdict, Verdict::disagree);
    }
  }
}

TEST(PlantedFault, OfSecondOrderIsFoundByTheSecondRun) {
  for (const Op& op : smooth_ops()) {
    const OpReport report = check_op(op, samples_with(op, Fault::second_order));
    EXPECT_EQ(report.text().find("first derivative"), std::string::npos) << report;
    EXPECT_NE(report.text().find("second derivative"), std::string::npos) << report;
  }
}

TEST(PlantedFault, OfLinearityIsFoundByTheTestOfLinearity) {
  expect_rejected(smooth_ops(), Fault::not_linear, "not linear");
}

TEST(PlantedFault, OfAFloat32KernelIsFoundByFloat64) {
  for (const Op& op : smooth_ops()) {
    const OpReport report = check_op(op, samples_with(op, Fault::narrow_kernel));
    EXPECT_FALSE(report.passed()) << op.name();
    EXPECT_NE(report.text().find("in float32"), std::string::npos) << report;
    EXPECT_EQ(report.text().find("derivative:"), std::string::npos) << report;
  }
}

struct Expected {
  Op op;
  std::vector<Tensor> in;
  double slope;
};

void expect_rejected_at(const std::vector<Expected>& points, Fault fault) {
  for (const Expected& point : points) {
    Sample right{point.op, point.in};
    right.dout = {Tensor(1.0)};
    right.grads.assign(point.in.size(), Tensor(point.slope));
    right.ties = true;
    Sample wrong = right;
    wrong.op = faulted(point.op, fault);
    expect_rejected(point.op, {right}, {wrong}, fault, "gradient of operand 0 is not as expected");
  }
}

TEST(PlantedFault, OnlyAtZeroIsFoundByExpectedGradients) {
  const std::vector<Tensor> zero{0.0};
  expect_rejected_at({{Relu{}, zero, 0},
                      {LeakyRelu{}, zero, 0.01},
                      {Elu{}, zero, 1},
                      {Abs{}, zero, 0},
                      {Sign{}, zero, 0},
                      {Softplus{}, zero, 0.5},
                      {Sigmoid{}, zero, 0.25},
                      {Tanh{}, zero, 1},
                      {Floor{}, zero, 0},
                      {Sin{}, zero, 1},
                      {Exp{}, zero, 1},
                      {Maximum{}, {0.0, 0.0}, 0.5}},
                     Fault::at_zero);
}

TEST(PlantedFault, OfLostDigitsIsFoundByExpectedGradients) {
  expect_rejected_at(
      {{Sigmoid{}, {40.0}, 4.248354255291589e-18}, {Tanh{}, {20.0}, 1.699341702116636e-17}},
      Fault::saturated);
}

}  // namespace
}  // namespace dagrad::tests
