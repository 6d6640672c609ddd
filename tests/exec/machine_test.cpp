#include <gtest/gtest.h>
#include <dagrad/graph.hpp>
#include <dagrad/kernels/gemm.hpp>
#include <dagrad/number.hpp>
#include <dagrad/ops/convolution.hpp>
#include <dagrad/ops/functions.hpp>
#include <dagrad/ops/linalg.hpp>
#include <dagrad/ops/nn.hpp>
#include <dagrad/ops/operators.hpp>
#include <dagrad/ops/reduce.hpp>
#include <dagrad/ops/scan.hpp>
#include <dagrad/random.hpp>
#include <dagrad/runtime.hpp>

#include <cmath>
#include <optional>

#include "dagrad/compile.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

constexpr std::int64_t dense[] = {1};

template <class F>
ProgramPtr program_of(DType dtype, F f) {
  Recorder recorder;
  const Symbol result = f(recorder.input(dtype));
  return std::move(recorder).finish({&result, 1}, dtype);
}

std::vector<double> run(const ProgramLoop& loop, const std::vector<double>& x) {
  std::vector<double> y(x.size());
  const void* const in[] = {x.data()};
  void* const out[] = {y.data()};
  loop(in, out, static_cast<std::int64_t>(x.size()));
  return y;
}

/// Tests with one Runtime for each instruction set of this machine.
class OnEverySet : public testing::TestWithParam<InstructionSet> {
 protected:
  void SetUp() override {
    if (!available(GetParam())) GTEST_SKIP() << name(GetParam()) << " is not available";
    runtime_.emplace(RuntimeOptions{.threads = 2, .instruction_set = GetParam()});
  }
  const Machine& machine() const { return runtime_->machine(); }
  Tensor compute(const Value& value) { return compile({value}, {.runtime = &*runtime_})()[0]; }
  /// f(x), computed by the functions of the instruction set.
  double by_set(Primitive f, double x) const {
    machine().apply(f, &x, nullptr, &x, 1);
    return x;
  }
  std::optional<Runtime> runtime_;
};
INSTANTIATE_TEST_SUITE_P(Machine, OnEverySet,
                         testing::Values(InstructionSet::plain, InstructionSet::avx2,
                                         InstructionSet::avx512),
                         [](const auto& set) { return std::string(name(set.param)); });

TEST_P(OnEverySet, MachineIsThatOfTheRuntime) {
  EXPECT_EQ(machine().instruction_set(), GetParam());
  EXPECT_EQ(machine().threads(), 2);
  if (GetParam() == InstructionSet::plain) {
    EXPECT_EQ(machine().is_best(), !available(InstructionSet::avx2));
  }
}

TEST_P(OnEverySet, OnlyFunctionsAreApplied) {
  float x = 2;
  double y = 2;
  EXPECT_THROWS(machine().apply(Primitive::sqrt, &x, nullptr, &x, 1), ArgumentError,
                "Machine::apply: sqrt is not a library function; use Machine::loop");
  EXPECT_THROWS(machine().apply(Primitive::pow, &y, nullptr, &y, 1), ArgumentError,
                "Machine::apply: pow has two operands, got one");
}

TEST_P(OnEverySet, LoopsFunctionsAndNumbersGiveTheSameBits) {
  const std::vector<double> x = Rng(1).uniform({999}, -5, 5).to_vector<double>();
  const auto f = [](const auto& a) { return exp(a); };
  const std::vector<double> y = run(machine().loop(program_of(f64, f), dense), x);
  const UseFunctions functions(GetParam());
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(y[i], by_set(Primitive::exp, x[i]));
    EXPECT_EQ(y[i], f(Number<double>(x[i])).value());
    if (GetParam() == InstructionSet::plain) {
      EXPECT_EQ(y[i], std::exp(x[i]));
    }
  }
}

TEST_P(OnEverySet, LoopsTakeCompositesSingleElementsAndNothing) {
  Recorder recorder;
  const Symbol a = recorder.input(f64), b = recorder.input(f64), result = sigmoid(a) * b;
  const std::int64_t steps[] = {1, 0};
  const ProgramLoop loop = machine().loop(std::move(recorder).finish({&result, 1}, f64), steps);
  std::vector<double> x{-1, 0, 2};
  const double twice = 2;
  const void* const in[] = {x.data(), &twice};
  void* const out[] = {x.data()};
  loop(in, out, 3);
  EXPECT_EQ(x[1], 1);
  EXPECT_NEAR(x[2], 2 / (1 + std::exp(-2.0)), 1e-15);
  const void* const none[] = {nullptr, nullptr};
  void* const nowhere[] = {nullptr};
  loop(none, nowhere, 0);
}

TEST_P(OnEverySet, LoopsOutliveTheRuntimeAndShareCode) {
  const auto scaled = [&](double factor) {
    return machine().loop(program_of(f64, [=](const Symbol& x) { return x * factor; }), dense);
  };
  const ProgramLoop twice = scaled(2), thrice = scaled(3);
  EXPECT_EQ(runtime_->code_cache().reused, 1);
  runtime_.reset();
  EXPECT_EQ(run(twice, {1, 5}), (std::vector<double>{2, 10}));
  EXPECT_EQ(run(thrice, {1, 5}), (std::vector<double>{3, 15}));
}

// -1 + (1 + e)(1 - e) is -e² if the product is not rounded before the sum, else 0.
constexpr float e = 0x1p-13F;

/// The sum of `pairs` such terms.
float expected(InstructionSet set, int pairs) {
  return set == InstructionSet::plain ? 0.0F : static_cast<float>(-pairs) * e * e;
}

TEST_P(OnEverySet, MatrixProductsAreThoseOfTheSet) {
  for (const std::int64_t n : {1, 100}) {  // without and with tiles
    std::vector<float> rows, columns;
    for (std::int64_t i = 0; i < n; ++i) {
      rows.insert(rows.end(), {-1, 1 + e});
      columns.insert(columns.end(), {1, 1 - e});
    }
    Graph graph;
    const Value a = graph.constant(Tensor({n, 2}, rows)),
                b = graph.constant(Tensor({n, 2}, columns));
    const Tensor product = compute(matmul(a, transpose(b, {1, 0})));
    for (const float element : product.to_vector<float>())
      ASSERT_EQ(element, expected(GetParam(), 1)) << n;

    std::vector<float> direct(static_cast<std::size_t>(n * n));
    kernels::gemm<float>(machine(), Inline(), n, n, 2, {rows.data(), 2}, {columns.data(), 2, true},
                         {direct.data(), n});
    EXPECT_EQ(direct, product.to_vector<float>());
  }
}

/// Sizes that suit a library which chooses its instructions itself.
TEST_P(OnEverySet, ConvolutionsAreThoseOfTheSet) {
  if (machine().is_best() && GetParam() != InstructionSet::plain)
    GTEST_SKIP() << "the library sums in a different order";
  std::vector<float> in, kernel;
  for (int image = 0; image < 2; ++image)
    for (int channel = 0; channel < 16; ++channel)
      for (int pixel = 0; pixel < 4; ++pixel)
        in.push_back(channel == 0 ? -1 : channel == 1 ? 1 + e : 0);
  for (int out = 0; out < 16; ++out)
    for (int channel = 0; channel < 16; ++channel)
      kernel.push_back(channel == 0 ? 1 : channel == 1 ? 1 - e : 0);
  Graph graph;
  const Value x = graph.constant(Tensor({2, 16, 2, 2}, in)),
              w = graph.constant(Tensor({16, 16, 1, 1}, kernel));
  for (const float element : compute(conv2d(x, w)).to_vector<float>())
    ASSERT_EQ(element, expected(GetParam(), 1));
}

/// Rows of 0 and x < 0: the sum of exponentials is 1 + exp(x).
TEST_P(OnEverySet, SoftmaxAndSimilarOpsUseTheFunctionsOfTheSet) {
  const std::int64_t n = 500;
  Graph graph;
  std::vector<double> rows;
  for (std::int64_t i = 0; i < n; ++i) rows.insert(rows.end(), {0, -0.01 * static_cast<double>(i)});
  const Value x = graph.constant(Tensor({n, 2}, rows));
  const auto soft = compute(softmax(x)).to_vector<double>();
  const auto log_soft = compute(log_softmax(x)).to_vector<double>();
  const auto total = compute(logsumexp(x, {1})).to_vector<double>();
  const auto running = compute(logcumsumexp(x, 1)).to_vector<double>();
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    const double term = by_set(Primitive::exp, rows[2 * i + 1]);
    const double log = by_set(Primitive::log, 1 + term);
    ASSERT_EQ(soft[2 * i + 1], term * (1 / (1 + term))) << i;
    ASSERT_EQ(log_soft[2 * i], -log) << i;
    ASSERT_EQ(total[i], log) << i;
    ASSERT_EQ(running[2 * i + 1], log) << i;
  }
}

/// An op that branches and so has no program.
struct Branching {
  static constexpr auto name = "branching";
  static constexpr no_grad grad{"only for tests"};
  template <PlainNumber T>
  T operator()(T x) const {
    if (x > 0) return exp(x);
    return x;
  }
};

TEST_P(OnEverySet, BranchingFunctorsUseTheFunctionsOfTheSet) {
  Graph graph;
  const Tensor x = Rng(2).uniform({20'000}, 0.1, 3);
  const auto y = compute(apply(Branching{}, {graph.constant(x)})).to_vector<double>();
  for (std::size_t i = 0; i < y.size(); ++i)
    ASSERT_EQ(y[i], by_set(Primitive::exp, x.to_vector<double>()[i]));
}

/// Computes exp(x) - 1 with its own graph, compiled for the machine on which the op runs.
struct Nested {
  static constexpr auto name = "nested";
  static constexpr no_grad grad{"only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  std::shared_ptr<const Function> prepare(const PlanContext& plan) const {
    Graph graph;
    const Value x = graph.input("x", plan.in[0]);
    const Value y[] = {exp(x) - 1};
    return std::make_shared<const Function>(
        plan.machine().compile(y, {.threads = 1, .passes = {}}));
  }
  void eval(const EvalContext& c) const {
    BoundRun run = c.state<Function>().bind();
    run.feed("x", c.ins[0]);
    run();
    const auto result = run.fetch(0).as<double>();
    std::copy(result.begin(), result.end(), c.out<double>().begin());
  }
};

TEST_P(OnEverySet, AnOpCompilesAGraphOfItsOwnForItsMachine) {
  Graph graph;
  const std::vector<double> x = Rng(3).uniform({300}, -2, 2).to_vector<double>();
  const Value value = apply(Nested{}, {graph.constant(Tensor({300}, x))});
  const Function function = compile({value}, {.runtime = &*runtime_, .passes = {}});
  const Runtime::CodeCache cache = runtime_->code_cache();
  EXPECT_EQ(cache.assembled + cache.interpreted, 2);  // the loops of the op's own graph
  std::vector<double> wanted;
  for (const double a : x) wanted.push_back(by_set(Primitive::exp, a) - 1);
  runtime_.reset();
  EXPECT_EQ(function()[0].to_vector<double>(), wanted);
}

}  // namespace
}  // namespace dagrad
