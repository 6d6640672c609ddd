// Functions that run within functions.
#include <algorithm>
#include <memory>

#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/scan.hpp"
#include "dagrad/random.hpp"
#include "dagrad/runtime.hpp"
#include "tests/reports/support.hpp"

namespace dagrad::reports {
namespace {

/// Calls a compiled function of one vector.
struct Nested {
  std::shared_ptr<const Function> f;
  static constexpr auto name = "nested";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& context) const {
    const auto in = context.in<double>(0);
    const auto results = (*f)({{"x", vector(std::vector<double>(in.begin(), in.end()))}});
    const auto values = results[0].values<double>();
    std::copy(values.begin(), values.end(), context.out<double>().begin());
  }
  static constexpr no_grad grad{"it is only for tests"};
};

// taskflow#435: a function that runs within an op of another function, on the same pool of two
// threads.
TEST(Runs, WithinARunOnTheSameThreads) {
  const std::int64_t n = 50'000;
  RuntimeOptions two;
  two.threads = 2;
  Runtime runtime(two);
  Graph inner;
  const Value x = inner.input("x", {f64, {n}});
  const auto f =
      std::make_shared<const Function>(compile({cumsum(sin(x), 0)}, {.runtime = &runtime}));

  Graph outer;
  const Value y = outer.input("y", {f64, {n}});
  std::vector<Value> calls;
  for (int i = 0; i < 8; ++i) calls.push_back(apply(Nested{f}, {y * (1.0 + i)}));
  const Function g = compile(calls, {.runtime = &runtime});
  const Tensor in = Rng(1).normal({n});
  const auto first = g({{y, in}}), second = g({{y, in}});
  for (std::size_t i = 0; i < calls.size(); ++i) EXPECT_TENSOR_SAME(first[i], second[i]);
}

}  // namespace
}  // namespace dagrad::reports
