#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "dagrad/catalog.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/operators.hpp"
#include "tests/dtypes.hpp"
#include "tests/ops/support.hpp"

/// Which dtypes elementwise ops take, what they return for them, and the errors.
namespace dagrad {
namespace {

using test::message;
using testing::HasSubstr;

struct Types : testing::Test {
  Graph graph;
  Value input(DType dtype, const Shape& shape = {2}) {
    return graph.input("in" + std::to_string(graph.size()), {dtype, shape});
  }
};

TEST_F(Types, PromoteByWidth) {
  EXPECT_EQ((input(b8) + input(i32)).dtype(), i32);
  EXPECT_EQ((input(i32) + input(i64)).dtype(), i64);
  EXPECT_EQ((input(i64) * input(f32)).dtype(), f32);
  EXPECT_EQ((input(b8) * input(f64)).dtype(), f64);
  EXPECT_EQ((input(f32) * 0.1).dtype(), f32);
  EXPECT_EQ((input(i32) * 2).dtype(), i32);
  EXPECT_EQ(where(input(b8), input(i32), input(f32)).dtype(), f32);
  EXPECT_EQ(where(input(b8), 1.5, 2).dtype(), f64);
  EXPECT_EQ(where(input(b8), input(f32), 0).dtype(), f32);
  EXPECT_EQ((input(i64) < input(f32)).dtype(), b8);
  EXPECT_EQ((input(f16) * 0.1).dtype(), f16);
  EXPECT_EQ((input(i64) * input(bf16)).dtype(), bf16);
  EXPECT_EQ((input(i16) + input(i32)).dtype(), i32);
  EXPECT_EQ(where(input(b8), input(i8), input(u8)).dtype(), i16);
  EXPECT_EQ((input(u8) < input(f16)).dtype(), b8);
}

TEST_F(Types, OfFloatFunctionsAreFloats) {
  const std::string exp_error = message<TypeError>([&] { exp(input(i32)); });
  EXPECT_THAT(
      exp_error,
      HasSubstr("exp: takes float16, bfloat16, float32, float64, got int32; convert with cast"));
  EXPECT_THAT(exp_error, HasSubstr("elementwise_types_test.cpp:"));
  EXPECT_THAT(message<TypeError>([&] { input(i32) / input(i32); }),
              HasSubstr("div: takes float16, bfloat16, float32, float64, got int32"));
  EXPECT_THAT(message<TypeError>([&] { sigmoid(input(b8)); }), HasSubstr("sigmoid: takes"));
  EXPECT_THAT(message<TypeError>([&] { input(i64) / 2; }), HasSubstr("div: takes"));
}

TEST_F(Types, OfArithmeticAreNumbers) {
  EXPECT_THAT(message<TypeError>([&] { input(b8) + input(b8); }),
              HasSubstr("add: takes int32, int64, float16, bfloat16, float32, float64, got bool"));
  EXPECT_THAT(message<TypeError>([&] { -input(b8); }), HasSubstr("neg: takes int32"));
  for (const DType dtype : test::small_ints())
    EXPECT_THAT(message<TypeError>([&] { input(dtype) + 1; }),
                HasSubstr("got " + std::string(name(dtype)) + "; convert with cast"));
}

TEST_F(Types, OfLogicAreBools) {
  EXPECT_THAT(message<TypeError>([&] { input(f64) && input(f64); }),
              HasSubstr("logical_and: takes bool, got float64"));
  EXPECT_THAT(message<TypeError>([&] { !input(i32); }), HasSubstr("logical_not: takes bool"));
  EXPECT_THAT(message<TypeError>([&] { where(input(f64), input(f64), 0); }),
              HasSubstr("where: operand 0 is a condition and must be bool, got float64[2]"));
}

TEST_F(Types, OfTwoFloatsAreNotMixed) {
  EXPECT_THAT(message<TypeError>([&] { input(f32) + input(f64); }), HasSubstr("cast"));
  EXPECT_THAT(message<TypeError>([&] { input(f16) + input(bf16); }),
              HasSubstr("float16 and bfloat16 do not mix: make them one dtype with cast"));
  EXPECT_THAT(message<TypeError>([&] { input(f32) * input(f16); }), HasSubstr("cast(x, f16)"));
  EXPECT_THAT(message<TypeError>([&] { (void)(input(f32) < input(f64)); }), HasSubstr("cast"));
}

TEST_F(Types, OfIntegersRefuseFractions) {
  EXPECT_THAT(message<TypeError>([&] { input(i32) + 0.5; }), HasSubstr("add: "));
  EXPECT_EQ((input(i32) + 2.0).dtype(), i32);
}

TEST_F(Types, OfShapesThatDoNotBroadcastAreNamed) {
  const std::string text = message<ShapeError>([&] { input(f64, {2, 3}) + input(f64, {2}); });
  EXPECT_THAT(text, HasSubstr("add: "));
  EXPECT_THAT(text, HasSubstr("[2,3]"));
  EXPECT_THAT(text, HasSubstr("[2]"));
}

TEST_F(Types, IntegersWrap) {
  constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max();
  const Value x = graph.constant(Tensor(largest));
  EXPECT_EQ(evaluate(x + 1).item<std::int32_t>(), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(evaluate(x * x).item<std::int32_t>(), 1);
  EXPECT_EQ(evaluate(-(x + 1)).item<std::int32_t>(), std::numeric_limits<std::int32_t>::min());
}

TEST_F(Types, FloatsSaturateWhenCastToIntegers) {
  const auto cast_to = [&](double x, DType dtype) {
    return evaluate(cast(graph.constant(Tensor(x)), dtype)).at(0);
  };
  EXPECT_EQ(cast_to(1e300, i32), std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(cast_to(-test::infinity, i32), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(cast_to(test::nan, i64), 0);
  EXPECT_EQ(cast_to(-2.9, i64), -2);
  EXPECT_EQ(cast_to(test::nan, b8), 1);
}

TEST_F(Types, IntRemainderByZeroNamesTheElement) {
  const Value x = input(i32, {2, 2}), y = input(i32, {2, 2});
  const Value z = x % y;
  const Tensor a = Tensor::of({{1, 2}, {3, 4}}), b = Tensor::of({{1, 2}, {0, 4}});
  EXPECT_THAT(message<RunError>([&] {
                evaluate(z, {{x, a}, {y, b}});
              }),
              HasSubstr("remainder: integer division by zero: element [1,0] of the divisor is 0"));
  EXPECT_THAT(message<ArgumentError>([&] { x % 0; }), HasSubstr("element [] of the divisor is 0"));
  EXPECT_EQ(evaluate(z, {{x, a}, {y, a}}).at(3), 0);
  const Value quotient = floor_divide(x, y);
  EXPECT_THAT(
      message<RunError>([&] {
        evaluate(quotient, {{x, a}, {y, b}});
      }),
      HasSubstr("floor_divide: integer division by zero: element [1,0] of the divisor is 0"));
  EXPECT_THAT(message<ArgumentError>([&] { floor_divide(x, 0); }),
              HasSubstr("element [] of the divisor is 0"));
}

TEST_F(Types, ClampRefusesBoundsOutOfOrder) {
  const Value x = input(f64, {2});
  EXPECT_THAT(message<ArgumentError>([&] { clamp(x, 1, 0); }),
              HasSubstr("clamp: needs low <= high, got 1 and 0 at []"));
  EXPECT_THAT(message<ArgumentError>([&] { clamp(x, test::nan, 0); }), HasSubstr("got nan and 0"));
  const Value low = input(f64, {2, 1}), high = input(f64, {2});
  const Value y = clamp(x, low, high);
  const Tensor bound = Tensor::of({1.0, 0.0}), lows = Tensor({2, 1}, {0.0, 0.5});
  EXPECT_THAT(message<RunError>([&] {
                evaluate(y, {{x, bound}, {low, lows}, {high, bound}});
              }),
              HasSubstr("clamp: needs low <= high, got 0.5 and 0 at [1,1]"));
}

TEST_F(Types, AttributesOutOfRangeAreRefused) {
  const Value x = input(f64);
  EXPECT_THAT(message<ArgumentError>([&] { celu(x, -1); }),
              HasSubstr("celu: needs alpha > 0, got -1"));
  EXPECT_THAT(message<ArgumentError>([&] { celu(x, test::nan); }), HasSubstr("got nan"));
  EXPECT_THAT(message<ArgumentError>([&] { isclose(x, x, 0, -0.5); }),
              HasSubstr("isclose: needs rtol >= 0 and atol >= 0, got 0 and -0.5"));
}

/// The dtypes that an op takes for all operands except a leading condition, such as "float32
/// float64".
std::string taken(const Op& op) {
  std::string text;
  for (const DType dtype : test::every_dtype) {
    for (const std::size_t operands : {1U, 2U, 3U}) {
      std::vector<Type> in(operands, {dtype, {2}}), out;
      for (std::size_t i = 0; i < op.traits().conditions && i < operands; ++i) in[i].dtype = b8;
      try {
        op->infer(in, out);
        text += (text.empty() ? "" : " ") + std::string(name(dtype));
      } catch (const TypeError&) {
      } catch (const ArgumentError&) {  // it takes another number of operands
      }
    }
  }
  return text;
}

TEST_F(Types, AreAcceptedAsDeclared) {
  const std::set<std::string> numbers{"neg",       "abs",     "sign",         "square", "floor",
                                      "ceil",      "round",   "add",          "sub",    "mul",
                                      "maximum",   "minimum", "clamp",        "relu",   "pull",
                                      "remainder", "trunc",   "floor_divide", "relu6"};
  const std::set<std::string> floats{"isclose"};
  const std::string all_floats = "float16 bfloat16 float32 float64";
  const std::set<std::string> bools{"logical_not", "logical_and", "logical_or", "logical_xor"};
  int seen = 0;
  for (const auto& [op, family] : Catalog::builtin()) {
    if (family != "arithmetic" && family != "functions" && family != "activations" &&
        family != "logic")
      continue;
    ++seen;
    const std::string name(op.name());
    const std::string wanted = bools.contains(name)    ? "bool"
                               : floats.contains(name) ? all_floats
                               : family == "logic"
                                   ? "bool int8 uint8 int16 int32 int64 " + all_floats
                               : numbers.contains(name) ? "int32 int64 " + all_floats
                                                        : all_floats;
    EXPECT_EQ(taken(op), wanted) << name;
  }
  EXPECT_GT(seen, 75);
}

}  // namespace
}  // namespace dagrad
