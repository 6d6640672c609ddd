#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "dagrad/error.hpp"
#include "tests/program/support.hpp"

namespace dagrad::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<Primitive> words(const Program& program) {
  std::vector<Primitive> all;
  for (const Instruction& step : program.steps) all.push_back(step.primitive);
  return all;
}

template <class E>
std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "no such error";
}

TEST(Recorder, KeepsOnlyWhatResultsNeed) {
  const Program p = record1([](Symbol x) {
    sqrt(x);  // unused
    return x + 1;
  });
  EXPECT_EQ(words(p), (std::vector{Primitive::input, Primitive::constant, Primitive::add}));
}

TEST(Recorder, DeclaresUnusedInputs) {
  const Program p = record([](auto x) { return x[1] * 2; }, {f32, f64, b8});
  EXPECT_EQ(p.inputs, (std::vector{f32, f64, b8}));
  EXPECT_EQ(run(p, {7, 3, 1}), std::vector{6.0});
}

TEST(Recorder, RecordsEqualStepsOnce) {
  const Program p = record1([](Symbol x) { return sin(x * 2) * sin(x * 2); });
  EXPECT_EQ(words(p), (std::vector{Primitive::input, Primitive::constant, Primitive::mul,
                                   Primitive::sin, Primitive::mul}));
  EXPECT_EQ(p.steps[4].a, p.steps[4].b);
}

TEST(Recorder, DoesNotDependOnTheOrderOfEvaluation) {
  const auto forward = record1([](Symbol x) {
    const Symbol a = exp(x), b = sin(x);
    return a + b;
  });
  const auto backward = record1([](Symbol x) {
    const Symbol b = sin(x), a = exp(x);
    return a + b;
  });
  EXPECT_EQ(forward, backward);
}

TEST(Recorder, DistinguishesConstantsByTheirBits) {
  const Program zeros = record1([](Symbol x) { return (x + 0.0) * (x + -0.0); });
  EXPECT_EQ(zeros.constants.size(), 2U);
  const Program dtypes = record(
      [](auto x) {
        return std::vector<Symbol>{x[0] + 1, x[1] + 1};
      },
      {i32, i64});
  EXPECT_EQ(dtypes.constants.size(), 2U);
  const Program equal = record1([](Symbol x) { return (x + 0.1) * (x + 0.1); });
  EXPECT_EQ(equal.constants.size(), 1U);
}

TEST(Recorder, DoesNotFoldStepsWithOperands) {
  EXPECT_EQ(words(record1([](Symbol x) { return x * 0; })).back(), Primitive::mul);
  EXPECT_EQ(words(record1([](Symbol x) { return x + 0; })).back(), Primitive::add);
  EXPECT_EQ(words(record1([](Symbol x) { return x - x; })).back(), Primitive::sub);
  EXPECT_EQ(words(record1([](Symbol x) { return -(-x); })).back(), Primitive::neg);
  EXPECT_EQ(words(record1([](Symbol x) { return 1 * x; })).back(), Primitive::mul);
}

TEST(Recorder, PullsOfConstantsAreProducts) {
  const auto pulled = [](double c) { return record1([c](Symbol x) { return pull(c, sqrt(x)); }); };
  EXPECT_EQ(words(pulled(1)).back(), Primitive::sqrt);
  EXPECT_EQ(words(pulled(-1)).back(), Primitive::mul);
  EXPECT_EQ(words(pulled(0)).back(), Primitive::pull);
  EXPECT_EQ(words(pulled(-0.0)).back(), Primitive::pull);
  for (const double c : {1.0, -1.0, 2.5, 0.0, -0.0, infinity, std::nan("")}) {
    for (const double x : {4.0, 0.0, -1.0, infinity}) {
      const double root = std::sqrt(x), wanted = c == 0 ? 0 : c * root;
      const double got = run(pulled(c), {x}).front();
      EXPECT_TRUE(got == wanted || (std::isnan(got) && std::isnan(wanted))) << c << ", " << x;
    }
  }
}

TEST(Recorder, FoldsConstantsInTheDtypeOfTheFormula) {
  Recorder r;
  const Symbol third = r.constant(to_bits(1.0f), f32) / r.constant(to_bits(3.0f), f32);
  EXPECT_EQ(r.program().steps[third.step()].primitive, Primitive::constant);
  EXPECT_EQ(from_bits<float>(r.program().constants.back()), 1.0f / 3.0f);
}

TEST(Recorder, ReadsOnlyTheLowBytesOfAConstant) {
  Recorder r;
  const Symbol a = r.constant(0xffffffff00000001, i32), b = r.constant(1, i32);
  EXPECT_EQ(a.step(), b.step());
}

TEST(Recorder, GivesLiteralResultsTheRequestedDtype) {
  const auto finish = [](DType weak) {
    Recorder r;
    r.input(f32);
    const Symbol half = 0.5;
    return std::move(r).finish({&half, 1}, weak)->output_dtype(0);
  };
  EXPECT_EQ(finish(f32), f32);
  EXPECT_EQ(finish(f64), f64);
  EXPECT_THROW(finish(i32), TypeError);
}

TEST(Recorder, FindsStepsAmongThousands) {
  const Program p = record1([](Symbol x) {
    Symbol sum = x;
    for (int repeat = 0; repeat < 2; ++repeat)
      for (int i = 0; i < 5000; ++i) sum = sum + (x * i) * 0;
    return sum;
  });
  EXPECT_EQ(p.constants.size(), 5000U);
  EXPECT_EQ(p.steps.size(), 1 + 5000 + 2 * 5000 + 2 * 5000U);
}

TEST(Recorder, RefusesOperandsOfAnotherCall) {
  Recorder one, two;
  const Symbol x = one.input(f64), y = two.input(f64);
  EXPECT_EQ(error_of<ArgumentError>([&] { x + y; }),
            "add: the operands belong to different calls of a functor");
  EXPECT_EQ(error_of<ArgumentError>([&] {
              std::move(two).finish({&x, 1}, f64);
            }),
            "a functor returned a value of another call");
}

TEST(Promotion, WidensIntegersAndTakesTheFloatsWidth) {
  const auto sum = [](DType a, DType b) {
    return record([](auto x) { return x[0] + x[1]; }, {a, b}).output_dtype(0);
  };
  EXPECT_EQ(sum(i32, i64), i64);
  EXPECT_EQ(sum(b8, i32), i32);
  EXPECT_EQ(sum(i64, f32), f32);
  EXPECT_EQ(sum(f64, b8), f64);
}

TEST(Promotion, NeverMixesFloatWidths) {
  EXPECT_EQ(error_of<TypeError>([] {
              record([](auto x) { return x[0] * x[1]; }, {f32, f64});
            }),
            "mul: float32 and float64 do not mix: make them one dtype with cast(x, f64) or "
            "cast(x, f32)");
}

TEST(Promotion, LetsLiteralsAdoptADtype) {
  const Program p = record1([](Symbol x) { return 0.1 * x; }, f32);
  EXPECT_EQ(p.output_dtype(0), f32);
  EXPECT_EQ(from_bits<float>(p.constants[0]), 0.1f);
  EXPECT_EQ(record1([](Symbol x) { return x + 2.0; }, i32).output_dtype(0), i32);
  EXPECT_EQ(record1([](Symbol x) { return x == true; }, b8).output_dtype(0), b8);
}

TEST(Promotion, RefusesAFractionBesideIntegers) {
  EXPECT_EQ(error_of<TypeError>([] { record1([](Symbol x) { return x * 0.5; }, i64); }),
            "mul: the number 0.5 does not fit int64: cast the tensor to a float dtype");
  EXPECT_EQ(error_of<ArgumentError>([] { record1([](Symbol x) { return x + 3e9; }, i32); }),
            "add: the number 3000000000 is outside the range of int32");
}

TEST(Promotion, ErrorsNameThePrimitive) {
  const auto text = [](auto f, DType dtype) {
    return error_of<TypeError>([&] { record1(f, dtype); });
  };
  EXPECT_EQ(text([](Symbol x) { return sqrt(x); }, i32),
            "sqrt takes floats, got int32: cast it first");
  EXPECT_EQ(text([](Symbol x) { return x / 2; }, i64),
            "div takes floats, got int64: cast it first");
  EXPECT_EQ(text([](Symbol x) { return -x; }, b8), "neg takes numbers, got bool: cast it first");
  EXPECT_EQ(text([](Symbol x) { return x + x; }, b8), "add takes numbers, got bool: cast it first");
  EXPECT_EQ(text([](Symbol x) { return x && x; }, f64),
            "logical_and takes bool, got float64: compare it first");
  EXPECT_EQ(text([](Symbol x) { return select(x, x, 0); }, f32),
            "select's condition must be bool, got float32");
  EXPECT_EQ(text([](Symbol x) { return sigmoid(x); }, b8),
            "sigmoid takes floats, got bool: cast it first");
}

TEST(Promotion, MakesTestsBool) {
  for (const auto& f : {+[](Symbol x) { return x < 1; }, +[](Symbol x) { return is_nan(x); },
                        +[](Symbol x) { return !(x == x); }})
    EXPECT_EQ(record1(f, f32).output_dtype(0), b8);
}

TEST(Promotion, KnowsThatIntegersAreFinite) {
  EXPECT_EQ(words(record1([](Symbol x) { return floor(x); }, i32)), std::vector{Primitive::input});
  EXPECT_EQ(run(record1([](Symbol x) { return is_nan(x); }, i32), {5}), std::vector{0.0});
  EXPECT_EQ(run(record1([](Symbol x) { return is_finite(x); }, i64), {5}), std::vector{1.0});
}

TEST(Promotion, GivesTwoLiteralSidesTheComparedDtype) {
  const auto step = [](Symbol x) { return select(x > 0, Symbol(1), Symbol(0)); };
  EXPECT_EQ(record1(step, f32).output_dtype(0), f32);
  EXPECT_EQ(record1(step, i32).output_dtype(0), i32);
  EXPECT_EQ(record1(step, b8).output_dtype(0), i64);
  const auto inner = [](Symbol x) {
    return select(!(x > 0) && is_finite(x), Symbol(0.5), Symbol(0));
  };
  EXPECT_EQ(record1(inner, f32).output_dtype(0), f32);
}

TEST(Literals, AreComputedInFloat64OrAsIntegers) {
  EXPECT_EQ((Symbol(1) / Symbol(3)).literal().real(), 1.0 / 3.0);
  EXPECT_TRUE((Symbol(2) + Symbol(3)).literal().integral());
  EXPECT_EQ((Symbol(2) * Symbol(3)).literal().integer(), 6);
  EXPECT_FALSE((Symbol(2) + Symbol(0.5)).literal().integral());
  EXPECT_TRUE((Symbol(2) < Symbol(3)).literal().integer());
  EXPECT_EQ(select(Symbol(1) > Symbol(2), Symbol(1), Symbol(2)).literal().integer(), 2);
  EXPECT_EQ(std::signbit((-Symbol(0.0)).literal().real()), true);
  EXPECT_EQ((Symbol(1) / Symbol(0)).literal().real(), infinity);
  EXPECT_EQ((!Symbol(true)).literal().integer(), 0);
}

TEST(Literals, AreRoundedOnceToTheDtype) {
  const Program p = record1([](Symbol x) { return x + 16777217; }, f32);  // not through a double
  EXPECT_EQ(from_bits<float>(p.constants[0]), 16777216.0f);
  const Program q = record1([](Symbol x) { return x + (std::int64_t{1} << 62); }, i64);
  EXPECT_EQ(q.constants[0], std::uint64_t{1} << 62);
}

TEST(Cast, ToTheSameDtypeOrOfALiteralIsNotAStep) {
  EXPECT_EQ(record1([](Symbol x) { return Symbol::cast(x, f64); }).steps.size(), 1U);
  EXPECT_TRUE(Symbol::cast(Symbol(2), i32).is_literal());
  EXPECT_EQ(record1([](Symbol x) { return Symbol::cast(x, i32); }).output_dtype(0), i32);
}

TEST(Inline, ReplacesInputs) {
  const Program inner = record2([](Symbol x, Symbol y) { return x * x + y; });
  Recorder r;
  const Symbol x = r.input(f64);
  const std::vector<Symbol> in{x + 1, 2};
  const auto out = inline_program(r, inner, in);
  EXPECT_EQ(run(*std::move(r).finish(out, f64), {3}), std::vector{18.0});
}

TEST(Inline, FoldsConstantsAndRefusesOtherDtypes) {
  const Program inner = record1([](Symbol x) { return x * x; });
  Recorder r;
  const Symbol three = 3, x = r.input(f32);
  EXPECT_EQ(r.program().steps[inline_program(r, inner, {&three, 1})[0].step()].primitive,
            Primitive::constant);
  EXPECT_EQ(error_of<TypeError>([&] {
              inline_program(r, inner, {&x, 1});
            }),
            "operand 0 of a program must be float64, got float32");
}

}  // namespace
}  // namespace dagrad::test
