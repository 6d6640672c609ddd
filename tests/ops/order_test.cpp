#include "dagrad/ops/order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dagrad/check.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/logic.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "dagrad/rewrite.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using golden::Attributes;
using test::infinity;
using test::message;
using test::nan;
using testing::ElementsAre;
using testing::HasSubstr;
using In = std::span<const Value>;
using Values = std::vector<Value>;

struct OrderCases {
  const char* op;
  Values (*build)(const Value& x, const Attributes& a);
};
std::ostream& operator<<(std::ostream& out, const OrderCases& cases) { return out << cases.op; }

class OrderGolden : public testing::TestWithParam<OrderCases> {};

TEST_P(OrderGolden, CasesAgree) {
  const auto build = [&](const Graph&, In in, const golden::Case& golden) {
    return GetParam().build(in[0], golden.attributes);
  };
  check_golden_cases(GetParam().op, build);
}

SortOptions direction(const Attributes& a) { return {.descending = a.flag("descending", false)}; }
ValuesAndIndices top(const Value& x, const Attributes& a) {
  return topk(x, a.integer("k"), a.integer("axis"), {.largest = a.flag("largest", true)});
}

const OrderCases all_cases[] = {
    {"sort", [](const Value& x,
                const Attributes& a) { return Values{sort(x, a.integer("axis"), direction(a))}; }},
    {"argsort",
     [](const Value& x, const Attributes& a) {
       return Values{argsort(x, a.integer("axis"), direction(a))};
     }},
    {"topk",
     [](const Value& x, const Attributes& a) {
       const auto [values, indices] = top(x, a);
       return Values{values, indices};
     }},
    {"topk_values", [](const Value& x, const Attributes& a) { return Values{top(x, a).values}; }},
};
INSTANTIATE_TEST_SUITE_P(Ops, OrderGolden, testing::ValuesIn(all_cases),
                         testing::PrintToStringParamName());

std::vector<std::int64_t> positions(const Tensor& x, const SortOptions& options) {
  Graph graph;
  return evaluate(argsort(graph.constant(x), -1, options)).to_vector<std::int64_t>();
}

TEST(Order, NanIsTheLargestAndZerosAreEqual) {
  const Tensor x = Tensor::of({nan, 1.0, 0.0, infinity, -0.0, -infinity, std::copysign(nan, -1)});
  for (const DType dtype : {f32, f64}) {
    EXPECT_THAT(positions(x.cast(dtype), {}), ElementsAre(5, 2, 4, 1, 3, 0, 6));
    EXPECT_THAT(positions(x.cast(dtype), {.descending = true}), ElementsAre(0, 6, 3, 1, 2, 4, 5));
  }
  Graph graph;
  const Value in = graph.constant(x);
  EXPECT_THAT(evaluate(topk(in, 3).indices).to_vector<std::int64_t>(), ElementsAre(0, 6, 3));
  EXPECT_THAT(evaluate(topk(in, 1, 0, {.largest = false}).indices).to_vector<std::int64_t>(),
              ElementsAre(5));
  const Tensor sorted = evaluate(sort(in));
  EXPECT_FALSE(std::signbit(sorted.at(1)));
  EXPECT_TRUE(std::signbit(sorted.at(2)));
  EXPECT_TRUE(std::signbit(sorted.at(6)));  // the sign of the NaN is kept
}

/// The result of std::stable_sort for adjacent lines without NaN.
template <class T>
std::vector<std::int64_t> stable_order(const std::vector<T>& x, std::int64_t lines, bool down) {
  const auto n = static_cast<std::int64_t>(x.size()) / lines;
  std::vector<std::int64_t> all(x.size()), order(static_cast<std::size_t>(n));
  for (std::int64_t line = 0; line < lines; ++line) {
    const auto at = [&](std::int64_t i) { return x[static_cast<std::size_t>(i * lines + line)]; };
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t i, std::int64_t j) {
      return down ? at(j) < at(i) : at(i) < at(j);
    });
    for (std::int64_t i = 0; i < n; ++i)
      all[static_cast<std::size_t>(i * lines + line)] = order[static_cast<std::size_t>(i)];
  }
  return all;
}

/// Lines long enough for every sorting algorithm, with many ties, on different numbers of threads.
template <class T>
void check_lines(std::int64_t length, std::int64_t lines, bool descending) {
  Rng rng(length);
  const Tensor x = rng.integers({length, lines}, -length / 3 - 1, length / 3 + 1).cast(dtype_of<T>);
  const auto wanted = stable_order(x.to_vector<T>(), lines, descending);
  Graph graph;
  const Value in = graph.constant(x);
  const Value order = argsort(in, 0, {.descending = descending});
  for (const int threads : {1, 2, 8}) {
    Runtime runtime({.threads = threads});
    EXPECT_EQ(compile({order}, {.threads = threads, .runtime = &runtime})()[0]
                  .template to_vector<std::int64_t>(),
              wanted)
        << length << " x " << lines << ", " << threads << " threads";
  }
  for (const std::int64_t k : {length / 100, length / 2}) {
    const Tensor first = evaluate(topk(in, k, 0, {.largest = descending}).indices);
    const auto elements = static_cast<std::ptrdiff_t>(k * lines);
    EXPECT_EQ(first.to_vector<std::int64_t>(),
              std::vector(wanted.begin(), wanted.begin() + elements))
        << "first " << k << " of " << length << " x " << lines;
  }
}

TEST(Order, IsStableForLinesOfAnyLengthOnAnyNumberOfThreads) {
  for (const bool descending : {false, true}) {
    for (const std::int64_t length : {2, 17, 128, 129, 1000, 70000, 200000}) {
      check_lines<float>(length, 1, descending);
      check_lines<double>(length, 1, descending);
      check_lines<std::int32_t>(length, length < 2000 ? 37 : 2, descending);
      check_lines<std::int64_t>(length, length < 2000 ? 37 : 2, descending);
    }
  }
}

/// Lines [lines, length] of one kind: drawn from all numbers or from a few, with special values
/// among them, equal, ascending or descending.
std::vector<Tensor> kinds_of_lines(std::int64_t lines, std::int64_t length) {
  Rng rng(length);
  const Shape shape{lines, length};
  Tensor special = rng.normal(shape), falling = Tensor::full({f64, shape}, 0), rising = falling;
  const double values[] = {nan, infinity, -infinity, 0.0, -0.0};
  std::size_t at = 0;
  for (double& x : special.mutate<double>())
    if (const std::int64_t draw = rng.integer(0, 8); draw < 5)
      x = values[static_cast<std::size_t>(draw)];
  for (double& x : rising.mutate<double>()) x = static_cast<double>(at++);
  for (double& x : falling.mutate<double>()) x = -static_cast<double>(at++);
  return {rng.normal(shape),
          rng.integers(shape, 0, 3).cast(f64),
          special,
          falling,
          rising,
          Tensor::full({f64, shape}, nan)};
}

TEST(Order, TopKIsTheBeginningOfASort) {
  for (const auto& [lines, length] : {std::pair{1, 16}, {3, 33}, {5, 1000}, {1, 70000}, {9, 66000}})
    for (const Tensor& x : kinds_of_lines(lines, length))
      for (const DType dtype : {f32, f64})
        for (const bool largest : {false, true}) {
          Graph graph;
          const Value in = graph.constant(x.cast(dtype));
          const Value sorted = argsort(in, -1, {.descending = largest});
          std::vector<Value> fetches;
          for (const std::int64_t k : {std::int64_t{1}, length / 50 + 1L, length / 16L}) {
            const Value first = topk(in, k, -1, {.largest = largest}).indices;
            fetches.push_back(all(equal(first, slice(sorted, 1, {.end = k}))));
          }
          for (const int threads : {1, 3}) {
            Runtime runtime({.threads = threads});
            for (const Tensor& same : compile(fetches, {.runtime = &runtime})())
              EXPECT_TRUE(same.item<bool>()) << lines << " x " << length << ", " << name(dtype);
          }
        }
}

TEST(Order, ReportsTiesToTheChecker) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value weights = graph.constant(Tensor::of({1.0, 20.0, 300.0}));
  const Value y = sum(sort(x) * weights);
  // Within its steps, the last element meets no tie, but the two close neighbours do.
  const CheckReport report = check_gradient(y, {x}, {{x, Tensor::of({1.0, 1.0 + 1e-7, 2.0})}});
  EXPECT_EQ(report.verdict(), Verdict::agree) << report.text();
}

TEST(Order, PositionsHaveNoGradient) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor::of({3.0, 1.0, 2.0}));
  const Value slope = gradient(sum(x * cast(argsort(x), f64)), x);
  EXPECT_THAT(evaluate(slope).to_vector<double>(), ElementsAre(1, 2, 0));
  EXPECT_THROW(gradient(argsort(x), x), GradientError);
}

TEST(Order, NumbersOutOfRangeAreErrors) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3, 4}});
  EXPECT_THAT(message<ArgumentError>([&] { topk(x, 5); }),
              HasSubstr("topk: k must be in [0, 4], the size of axis 1 of [3,4], got 5"));
  EXPECT_THAT(message<ArgumentError>([&] { topk(x, -1, 0); }),
              HasSubstr("k must be in [0, 3], the size of axis 0 of [3,4], got -1"));
  EXPECT_THAT(message<ShapeError>([&] { sort(x, 2); }),
              HasSubstr("sort: axis 2 is outside [-2, 1] for rank 2"));
  EXPECT_THAT(message<ShapeError>([&] {
                argsort(graph.input("s", {f64, {}}));
              }),
              HasSubstr("axis -1 does not exist: a scalar has no axes"));
}

TEST(Order, GradientsFollowOtherShapes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {4}});
  const Value slope = gradient(sum(square(topk(x, 2).values)) + sum(square(sort(x))), x);
  const Rewritten other = replay(graph, std::vector<Retyped>{{x, {f64, {3}}}});
  const Tensor result =
      evaluate(other.mapping(slope), {{other.mapping(x), Tensor::of({1.0, 3.0, 2.0})}});
  EXPECT_THAT(result.to_vector<double>(), ElementsAre(2, 12, 8));
}

}  // namespace
}  // namespace dagrad
