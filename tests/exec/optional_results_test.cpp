// Results that an op need not compute where nothing reads them.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/exec/test_ops.hpp"

namespace dagrad::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// -x, and 2 - x and 1 / x unless nothing reads them. Notes the results that it was asked for, as
/// bits.
struct Several {
  std::shared_ptr<std::atomic<int>> asked;
  double nanoseconds = 0;
  static constexpr auto name = "several";
  static constexpr std::size_t operands = 1;
  static constexpr no_grad grad{"only for tests"};
  static constexpr std::array optional_results{1, 2};
  std::array<Type, 3> infer(std::span<const Type> in) const { return {in[0], in[0], in[0]}; }
  void eval(const EvalContext& c) const {
    const auto x = c.in<double>(0);
    for (std::size_t k = 0; k < 3; ++k) {
      if (!c.wanted(k)) continue;
      *asked |= 1 << k;
      for (std::size_t i = 0; i < x.size(); ++i)
        c.out<double>(k)[i] = k == 0 ? -x[i] : k == 1 ? 2 - x[i] : 1 / x[i];
    }
  }
  bool unroll(Unrolled& code) const {
    const std::int64_t n = code.in[0].elements();
    if (nanoseconds > 0 || n > 64) return false;
    const auto lanes = static_cast<std::size_t>(n);
    const auto x = code.read(0, 0, 1, lanes);
    code.write(0, code.compute(Primitive::neg, x));
    code.write(1, code.compute(Primitive::sub, code.fill(f64, 2, lanes), x));
    code.write(2, code.compute(Primitive::div, code.fill(f64, 1, lanes), x));
    return true;
  }
  double cost(const PlanContext&) const { return nanoseconds; }
};

struct OptionalResults : ::testing::Test {
  Graph graph;
  const Value x = graph.input("x", {f64, {4}});
  const Tensor data = Tensor::of({1.0, -2.0, 4.0, 8.0});
  const std::shared_ptr<std::atomic<int>> asked = std::make_shared<std::atomic<int>>(0);
  const std::array<Value, 3> y = apply(Several{asked}, {x});

  std::vector<Tensor> run(std::vector<Value> fetches, CompileOptions options = {}) {
    *asked = 0;
    return compile(fetches, options)(data);
  }
};

TEST_F(OptionalResults, AreLeftOutWhereNothingReadsThem) {
  EXPECT_TENSOR_SAME(run({y[0]})[0], Tensor::of({-1.0, 2.0, -4.0, -8.0}));
  EXPECT_EQ(*asked, 1);
  EXPECT_TENSOR_SAME(run({y[2]})[0], Tensor::of({1.0, -0.5, 0.25, 0.125}));
  EXPECT_EQ(*asked, 5) << "result 0 is not optional";
  run({y[0] + y[1]});
  EXPECT_EQ(*asked, 3);
  run({y[0], reshape(y[2], {2, 2})});
  EXPECT_EQ(*asked, 5) << "a fetch in another shape reads it";
  run({y[0], ones_like(y[1])}, {.passes = {}});
  EXPECT_EQ(*asked, 1) << "the type of a result is known without the result";
}

TEST_F(OptionalResults, OfUpdatesAreComputed) {
  const Value p = graph.parameter("p", Tensor::of({0.0, 0.0, 0.0, 0.0}));
  State state(graph);
  compile(y[0], {.update = {{p, y[1]}}})(state, data);
  EXPECT_EQ(*asked, 3);
  EXPECT_EQ(state.get(p).to_vector<double>(), (std::vector<double>{1, 4, -2, -6}));
}

TEST_F(OptionalResults, TakeNoMemory) {
  const Value wide = graph.constant(Tensor::full({f64, {1 << 16}}, 2));
  const auto results = apply(Several{asked}, {wide});
  const auto peak = [](const Value& value) {
    return compile(sum(value), {.threads = 1, .passes = {}}).peak_bytes();
  };
  EXPECT_LT(peak(results[0]), 2U * wide.type().bytes());
  EXPECT_GE(peak(results[1]), 2U * wide.type().bytes());
  const Function f = compile(sum(results[0]), {.threads = 1, .passes = {}});
  EXPECT_NE(f.text().find("unused float64[65536], unused float64[65536]"), std::string::npos)
      << f.text();
}

TEST_F(OptionalResults, AreAllSeenByObservers) {
  std::vector<double> seen;
  Observer observer;
  observer.finish = [&](const NodeEvent& event) {
    if (event.op != Several::name) return;
    for (const View& result : event.out)
      seen.push_back(result.data == nullptr ? 0 : result.as<double>()[1]);
  };
  run({y[0]}, {.observer = std::make_shared<const Observer>(observer)});
  EXPECT_EQ(*asked, 7);
  EXPECT_EQ(seen, (std::vector<double>{2, 4, -0.5}));
}

/// Also in the search, which has memory and kernels of its own.
TEST_F(OptionalResults, AreCheckedOnlyWhereTheyAreRead) {
  const Tensor zero = Tensor::of({1.0, 0.0, 2.0, 3.0}), bad = Tensor::of({1.0, 2.0, infinity, 0.0});
  const Function unread = compile(exp(y[0]), {.check_finite = true});
  EXPECT_EQ(unread(zero)[0].at(1), 1);
  EXPECT_EQ(unread(bad)[0].at(2), 0) << "the infinity is that of the feed";
  EXPECT_EQ(unread(zero)[0].at(1), 1);
  EXPECT_EQ(*asked, 1);
  try {
    compile(y[2] + y[0], {.check_finite = true})(zero);
    FAIL() << "1 / 0 was not noticed";
  } catch (const RunError& error) {
    EXPECT_NE(std::string(error.what()).find("the result 2, float64[4], is not finite"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(OptionalResults, AreLeftOutOnSeveralThreads) {
  Runtime runtime({.threads = 3});
  Value total = zeros_like(x);
  std::vector<Value> firsts;
  for (int i = 0; i < 16; ++i) {
    const auto results = apply(Several{asked, 1e5}, {x + static_cast<double>(i)});
    firsts.push_back(results[0]);
    total = total + results[0] + (i % 2 == 0 ? results[1] : results[0]);
  }
  firsts.push_back(total);
  const auto wanted = run(firsts, {.threads = 1, .passes = {}});
  for (int i = 0; i < 20; ++i) {
    const auto got = run(firsts, {.threads = 3, .runtime = &runtime});
    EXPECT_EQ(*asked, 3);
    for (std::size_t k = 0; k < got.size(); ++k) ASSERT_TENSOR_SAME(got[k], wanted[k]);
  }
}

/// Steps on few elements become machine code after the first run, which stores no such result.
TEST_F(OptionalResults, AreLeftOutOfRoutines) {
  const Function f = compile(y[0] * (x + 3), {.threads = 1, .passes = {}});
  const Tensor wanted = Tensor::of({-4.0, 2.0, -28.0, -88.0});
  for (int i = 0; i < 4; ++i) EXPECT_TENSOR_SAME(f(data)[0], wanted) << i;
  EXPECT_EQ(*asked, 1);
}

TEST_F(OptionalResults, AreComputedForEvaluateOp) {
  const auto results = evaluate_op(Several{asked}, {data});
  EXPECT_EQ(*asked, 7);
  EXPECT_EQ(results[1].at(3), -6);
}

/// An op that says nothing of unused results is given memory for all of them.
TEST_F(OptionalResults, AreThoseThatTheOpDeclares) {
  EXPECT_EQ(evaluate(three(x)[1], {{x, data}}).at(0), 3);
  EXPECT_EQ(Op(Several{asked}).traits().optional_results, 6U);
  EXPECT_TRUE(Op(Several{asked}).traits().is_optional(2));
  EXPECT_FALSE(Op(Several{asked}).traits().is_optional(0));
  EXPECT_FALSE(Op(Several{asked}).traits().is_optional(33));
  EXPECT_EQ(Op(Three{}).traits().optional_results, 0U);
}

}  // namespace
}  // namespace dagrad::test
