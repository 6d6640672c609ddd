#include "tests/ops/golden_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"

namespace dagrad {

namespace {

DType dtype_named(const std::string& text) {
  for (const DType dtype : {b8, i32, i64, f32, f64})
    if (name(dtype) == text) return dtype;
  throw std::invalid_argument(text);
}

/// The kind of error that `run` throws; empty if it does not throw.
template <class F>
std::string error_of(F&& run) {
  try {
    run();
  } catch (const ShapeError&) {
    return "ShapeError";
  } catch (const TypeError&) {
    return "TypeError";
  } catch (const ArgumentError&) {
    return "ArgumentError";
  } catch (const RunError&) {
    return "RunError";
  }
  return {};
}

/// Compares within some roundings of the largest element, because sums may cancel.
void expect_near(const Tensor& got, const Tensor& want, double epsilons) {
  double largest = 0;
  for (std::int64_t i = 0; i < want.size(); ++i)
    if (const double x = std::abs(want.at(i)); std::isfinite(x)) largest = std::max(largest, x);
  const double epsilon = want.dtype() == f32   ? std::numeric_limits<float>::epsilon()
                         : want.dtype() == f64 ? std::numeric_limits<double>::epsilon()
                                               : 0;
  const Difference difference =
      compare(got, want, epsilons * epsilon, epsilons * epsilon * largest);
  EXPECT_TRUE(difference.close) << difference.text;
}

/// Computes values, which may not need all inputs of the case.
std::vector<Tensor> run(const std::vector<Value>& values, Feeds feeds) {
  const Function function = compile(values);
  const std::vector<std::string> needed = function.input_names();
  std::erase_if(feeds, [&](const Feed& feed) {
    return std::find(needed.begin(), needed.end(), feed.value.name()) == needed.end();
  });
  return function(feeds);
}

void check_case(const golden::Case& golden, const GoldenBuilder& build, double epsilons) {
  Graph graph;
  std::vector<Value> in, xs, wanted_values;
  Feeds feeds;
  for (std::size_t i = 0; i < golden.in.size(); ++i) {
    const Tensor tensor = to_tensor(golden.in[i]);
    in.push_back(graph.input("in" + std::to_string(i), tensor.type()));
    feeds.emplace_back(in.back(), tensor);
  }
  if (!golden.error.empty()) {
    EXPECT_EQ(error_of([&] { evaluate(build(graph, in, golden), feeds); }), golden.error);
    return;
  }
  std::vector<Value> values = build(graph, in, golden);
  std::vector<Tensor> wanted;
  ASSERT_EQ(values.size(), golden.out.size());
  for (const golden::Tensor& out : golden.out) wanted.push_back(to_tensor(out));
  std::vector<Seeded> ys;
  for (std::size_t i = 0; i < golden.dout.size(); ++i)
    ys.push_back({values[i], graph.constant(to_tensor(golden.dout[i]))});
  for (std::size_t i = 0; i < golden.din.size(); ++i) {
    if (!golden.din[i]) continue;
    xs.push_back(in[i]);
    wanted.push_back(to_tensor(*golden.din[i]));
  }
  if (!xs.empty())
    for (const Value& slope : gradient(ys, xs, {.unconnected = Unconnected::zeros}))
      values.push_back(slope);
  const std::vector<Tensor> got = run(values, feeds);
  for (std::size_t i = 0; i < got.size(); ++i) {
    SCOPED_TRACE(i < golden.out.size() ? "result" : "gradient");
    expect_near(got[i], wanted[i], epsilons);
  }
}

}  // namespace

Tensor to_tensor(const golden::Tensor& golden) {
  const Shape shape(golden.shape);
  return (golden.is_float() ? Tensor(shape, golden.real) : Tensor(shape, golden.integer))
      .cast(dtype_named(golden.dtype));
}

void check_golden_cases(const std::string& op, const GoldenBuilder& build, double epsilons) {
  static const std::vector<golden::Case> cases = golden::read_cases();
  int checked = 0;
  for (const golden::Case& golden : cases) {
    if (golden.op != op) continue;
    ++checked;
    SCOPED_TRACE(op + ", " + golden.place);
    check_case(golden, build, epsilons);
  }
  EXPECT_GT(checked, 0) << op;
}

}  // namespace dagrad
