#include "src/exec/all_finite.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/optimizers.hpp"

/// Functions that are compiled with `check_finite`.
namespace dagrad::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Both {
  static constexpr auto name = "both";
  template <class T>
  std::array<T, 2> operator()(T a) const {
    return {a + 1, log(a)};
  }
};

/// What the run says of the first value that is not finite.
template <class Run>
RunError stopped(Run&& run) {
  try {
    run();
  } catch (const RunError& error) {
    return error;
  }
  return RunError("it was not stopped");
}

TEST(CheckFinite, NamesTheNodeItsLineAndTheRangesOfItsOperands) {
  Graph g;
  const Value x = g.input("x", {f64, {2, 2}});
  const Value scaled = 2.0 * x;
  const int line = __LINE__ + 1;
  const Value logs = log(scaled).named("logs");
  const Function f = compile(sum(exp(logs * 1.5)), {.check_finite = true});
  EXPECT_EQ(f(Tensor::of({{1.0, 0.5}, {0.25, 2.0}})).size(), 1U);
  const RunError error = stopped([&] { f(Tensor::of({{1.0, 0.5}, {-0.25, 2.0}})); });
  EXPECT_EQ(error.node(), "logs");
  EXPECT_EQ(error.where().line, line);
  EXPECT_EQ(std::string(error.what()),
            "log: the result, float64[2,2], is not finite although all operands are: it has nan "
            "at [1,0]\n  operand 0, float64[2,2], is from -0.5 to 4\n  node 'logs', made at " +
                to_string(error.where()));
}

TEST(CheckFinite, ShowsEveryOperand) {
  Graph g;
  const Value x = g.input("x", {f32, {3}}), y = g.input("y", {f32, {}});
  const RunError error = stopped([&] {
    compile(x / y, {.check_finite = true})({{x, Tensor::of({1.0F, -2.0F, 3.0F})}, {y, 0.0F}});
  });
  EXPECT_TRUE(std::string(error.what())
                  .starts_with("div: the result, float32[3], is not finite although all operands "
                               "are: it has inf at [0]\n  operand 0, float32[3], is from -2 to 3\n"
                               "  operand 1, float32[], is from 0 to 0\n"))
      << error.what();
}

TEST(CheckFinite, PassesOnWhatIsNotFiniteInTheOperands) {
  Graph g;
  const Value x = g.input("x", {f64, {2}});
  const Value mask = g.constant(Tensor::of({0.0, -infinity}));
  const Function f = compile(exp(x * 2 + mask), {.check_finite = true});
  EXPECT_EQ(f(Tensor::of({0.0, 1.0}))[0].at(1), 0);
  for (const double given : {infinity, -infinity, nan})
    EXPECT_NO_THROW(f(Tensor::of({given, 1.0}))) << given;
  EXPECT_NO_THROW(compile(full_like(x, infinity) * 2, {.check_finite = true})());
}

TEST(CheckFinite, IsOffUnlessAskedFor) {
  Graph g;
  const Value x = g.input("x", {f64, {}});
  EXPECT_TRUE(std::isnan(compile(log(x))(Tensor(-1.0))[0].item<double>()));
  const Value y = exp(x * 2.0) + 1.0;
  EXPECT_EQ(compile(y).peak_bytes(), compile(y, {.check_finite = true}).peak_bytes())
      << "results are written over operands either way";
}

TEST(CheckFinite, LeavesTheStateAsItWas) {
  Graph g;
  const Value p = g.parameter("p", Tensor::of({1.0, 2.0})), x = g.input("x", {f64, {2}});
  const Function train =
      compile(sum(p * x), {.update = sgd(p, gradient(sum(p * x), p), 1e10), .check_finite = true});
  State state(g);
  BoundRun bound = train.bind(state);
  const Tensor huge = Tensor::of({1.0, 1e300}), small = Tensor::of({1e-10, 1e-10});
  EXPECT_EQ(stopped([&] { train(state, huge); }).node(), "descend");
  EXPECT_TRUE(same_bits(state.get(p), p.node().tensor()));
  bound.feed(x, huge);
  EXPECT_EQ(stopped([&] { bound(); }).node(), "descend");
  EXPECT_TRUE(same_bits(state.get(p), p.node().tensor()));
  train(state, small);
  EXPECT_EQ(state.get(p).to_vector<double>(), (std::vector<double>{0, 1}));
}

TEST(CheckFinite, FindsNodesOfAGradient) {
  Graph g;
  const Value x = g.input("x", {f64, {2}});
  const Function f = compile(gradient(sum(exp(sqrt(x)) * 2), x), {.check_finite = true});
  EXPECT_EQ(stopped([&] { f(Tensor::of({0.0, 1.0})); }).node(), "sqrt_grad");
}

TEST(CheckFinite, SaysWhichResultOfSeveral) {
  Graph g;
  const Value x = g.input("x", {f64, {}});
  const Function f = compile(apply(Both{}, {x * 1.0}), {.check_finite = true});
  const RunError error = stopped([&] { f(Tensor(0.0)); });
  EXPECT_TRUE(std::string(error.what()).starts_with("both: the result 1, float64[], is not finite"))
      << error.what();
}

TEST(CheckFinite, StopsOnAnyNumberOfThreads) {
  for (const int threads : {1, 4}) {
    Runtime runtime({.threads = threads});
    Graph g;
    const Value x = g.input("x", {f32, {1'000'003}});
    const Value y = exp(x * 1.0).named("y");
    const Function f = compile({sum(y), sum(y * y)}, {.runtime = &runtime, .check_finite = true});
    std::vector<float> values(1'000'003, 1.0F);
    EXPECT_NO_THROW(f(Tensor({1'000'003}, values)));
    values.back() = 89.0F;
    EXPECT_EQ(stopped([&] { f(Tensor({1'000'003}, values)); }).node(), "y") << threads;
  }
}

TEST(CheckFinite, SeesEveryElementOfEveryFloatDtype) {
  for (const DType dtype : {f16, bf16, f32, f64}) {
    const double largest = dtype == f16    ? 65504
                           : dtype == bf16 ? std::ldexp(255.0, 120)
                           : dtype == f32  ? std::numeric_limits<float>::max()
                                           : std::numeric_limits<double>::max();
    for (std::int64_t n = 0; n <= 70; ++n) {
      std::vector<double> values(static_cast<std::size_t>(n));
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = std::array{largest, -largest, -0.0, std::ldexp(1.0, -149), 1.0}[i % 5];
      const auto finite = [&] {
        return detail::all_finite(Tensor({n}, values).cast(dtype).view(), Inline());
      };
      EXPECT_TRUE(finite()) << name(dtype) << n;
      for (double& value : values) {
        for (const double bad : {infinity, -infinity, nan}) {
          const double kept = std::exchange(value, bad);
          EXPECT_FALSE(finite()) << name(dtype) << n;
          value = kept;
        }
      }
    }
  }
  EXPECT_TRUE(detail::all_finite(Tensor::of({-1, 0x7f800000}).view(), Inline())) << "an int";
}

TEST(CheckFinite, SeesOverflowInNarrowDtypes) {
  for (const DType dtype : {f16, bf16}) {
    Graph g;
    const Value x = g.input("x", {dtype, {3}});
    const Function f = compile(exp(x * 1.0).named("y"), {.check_finite = true});
    EXPECT_NO_THROW(f(Tensor::of({1.0, 2.0, 3.0}).cast(dtype)));
    EXPECT_EQ(stopped([&] { f(Tensor::of({1.0, 2.0, 100.0}).cast(dtype)); }).node(), "y");
  }
}

}  // namespace
}  // namespace dagrad::test
