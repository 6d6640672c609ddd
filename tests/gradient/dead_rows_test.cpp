#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"

/// A row (or another group of elements that is reduced together) whose cotangents are all 0 has a
/// gradient of exactly 0, whatever its elements, its results and later cotangents are.
namespace dagrad {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t columns = 4;

using Row = std::vector<double>;
/// Maps x[3,4] row by row to [3,n].
using Function = std::function<Value(Graph& graph, const Value& x)>;

/// The elements of dead rows.
const std::vector<Row> dead_rows{{nan, nan, nan, nan}, {-infinity, -infinity, -infinity, -infinity},
                                 {1, nan, 2, 3},       {infinity, 1, 2, 3},
                                 {-infinity, 1, 2, 3}, {infinity, infinity, -infinity, 2},
                                 {0, 0, 0, 0},         {1e300, -1e308, 1e-320, 0}};

Tensor three_rows(const Row& middle, DType dtype = f64) {
  Row all{0.3, 0.6, 0.2, 0.9};
  all.insert(all.end(), middle.begin(), middle.end());
  for (const double x : {0.7, 0.1, 0.45, 0.5}) all.push_back(x);
  return Tensor({3, columns}, all).cast(dtype);
}

Value standardized(const Value& x, std::size_t result, double epsilon = 1e-5, bool centred = true) {
  return apply(Standardize{{{1}}, epsilon, centred}, {x})[result];
}
Value row_loss(const Op& op, Graph& graph, const Value& x) {
  const Value targets = graph.constant(Tensor::of<std::int64_t>({0, 1, 2}));
  return unsqueeze(apply(op, {x, targets})[0], {-1});
}

struct Case {
  const char* name;
  Function f;
};
const std::vector<Case> cases{
    {"softmax", [](Graph&, const Value& x) { return softmax(x); }},
    {"softmax of columns",
     [](Graph&, const Value& x) { return transpose(softmax(transpose(x), 0)); }},
    {"log_softmax", [](Graph&, const Value& x) { return log_softmax(x); }},
    {"logsumexp", [](Graph&, const Value& x) { return logsumexp(x, {-1}, true); }},
    {"logcumsumexp", [](Graph&, const Value& x) { return logcumsumexp(x, -1); }},
    {"causal softmax", [](Graph&, const Value& x) { return apply(MaskedSoftmax{true}, {x}); }},
    {"masked softmax",
     [](Graph& graph, const Value& x) {
       const Value mask = graph.constant(Tensor::of({true, true, true, false}));
       return apply(MaskedSoftmax{}, {x, mask});
     }},
    {"cross_entropy", [](Graph& g, const Value& x) { return row_loss(CrossEntropy{}, g, x); }},
    {"smoothed cross_entropy",
     [](Graph& g, const Value& x) { return row_loss(CrossEntropy{0.25}, g, x); }},
    {"cross_entropy with probabilities",
     [](Graph&, const Value& x) {
       return unsqueeze(apply(CrossEntropy{}, {2.0 * x, x}), {-1});
     }},
    {"nll",
     [](Graph& g, const Value& x) { return row_loss(NegativeLogLikelihood{}, g, log_softmax(x)); }},
    {"layer_norm", [](Graph&, const Value& x) { return layer_norm(x); }},
    {"layer_norm without epsilon",
     [](Graph&, const Value& x) { return layer_norm(x, {.epsilon = 0}); }},
    {"layer_norm with scale",
     [](Graph&, const Value& x) {
       const Value scale = full_like(mean(x, {0}), 2);
       return layer_norm(x, scale, scale);
     }},
    {"rms_norm", [](Graph&, const Value& x) { return rms_norm(x); }},
    {"group_norm", [](Graph&, const Value& x) { return group_norm(x, 2); }},
    {"standardised columns",
     [](Graph&, const Value& x) {
       return transpose(apply(Standardize{{{0}}}, {transpose(x)})[0]);
     }},
    {"variance of standardize", [](Graph&, const Value& x) { return standardized(x, 1); }},
    {"mean of standardize", [](Graph&, const Value& x) { return standardized(x, 2); }},
    {"reciprocal of standardize", [](Graph&, const Value& x) { return standardized(x, 3); }},
    {"reciprocal without epsilon", [](Graph&, const Value& x) { return standardized(x, 3, 0); }},
    {"reciprocal of the mean square",
     [](Graph&, const Value& x) { return standardized(x, 2, 1e-5, false); }},
    {"variance", [](Graph&, const Value& x) { return variance(x, {-1}, true); }},
    {"standard_deviation",
     [](Graph&, const Value& x) { return standard_deviation(x, {-1}, true, 1); }},
    {"norm 1", [](Graph&, const Value& x) { return norm(x, 1, {-1}, true); }},
    {"norm 2", [](Graph&, const Value& x) { return norm(x, 2, {-1}, true); }},
    {"norm inf", [](Graph&, const Value& x) { return norm(x, infinity, {-1}, true); }},
    {"max", [](Graph&, const Value& x) { return max(x, {-1}, true); }},
    {"prod", [](Graph&, const Value& x) { return prod(x, {-1}, true); }},
    {"cumprod", [](Graph&, const Value& x) { return cumprod(x, -1); }},
};

/// Expects that the middle row of a gradient is 0 and the others are finite.
void expect_dead(const Tensor& gradient) {
  const Tensor all = gradient.cast(f64);
  for (std::int64_t i = 0; i < 3 * columns; ++i) {
    if (i / columns == 1)
      EXPECT_EQ(all.at(i), 0) << "element " << i;
    else
      EXPECT_TRUE(std::isfinite(all.at(i))) << "element " << i << " is " << all.at(i);
  }
}

/// Calls `check(y, x, graph)` for every function, with its middle row masked, and every dead row.
void for_all(const std::function<void(Value y, const Value& x, Graph& graph)>& check,
             DType dtype = f64) {
  for (const auto& [name, f] : cases) {
    for (std::size_t row = 0; row < dead_rows.size(); ++row) {
      SCOPED_TRACE(std::string(name) + ", row " + std::to_string(row));
      Graph graph;
      const Value x = graph.parameter("x", three_rows(dead_rows[row], dtype));
      const Value live = graph.constant(Tensor({3, 1}, Row{1, 0, 1})) > 0.0;
      check(where(live, f(graph, x), 0.0), x, graph);
    }
  }
}

void expect_dead_to_order_3(Value y, const Value& x) {
  for (int order = 1; order <= 3; ++order) {
    SCOPED_TRACE("order " + std::to_string(order));
    y = gradient(sum(y), x, {.unconnected = Unconnected::zeros});
    expect_dead(evaluate(y));
  }
}

TEST(DeadRows, HaveGradient0) {
  const auto check = [](const Value& y, const Value& x, Graph&) { expect_dead_to_order_3(y, x); };
  for_all(check);
  for_all(check, f32);
}

TEST(DeadRows, HaveGradient0UnderLaterOps) {
  for_all([](const Value& y, const Value& x, Graph&) { expect_dead_to_order_3(exp(y) * y, x); });
}

TEST(DeadRows, HaveGradient0ForAnyCotangent) {
  const std::vector<Row> cotangents{{nan, nan, nan, nan},
                                    {infinity, infinity, infinity, infinity},
                                    {1, nan, 1, nan},
                                    {0, -infinity, 0, infinity}};
  for (const Row& cotangent : cotangents) {
    for_all([&](Value y, const Value& x, Graph& graph) {
      const Value full = graph.constant(three_rows(cotangent));
      for (int order = 1; order <= 3; ++order) {
        SCOPED_TRACE("order " + std::to_string(order));
        const Value seed = slice(full, 1, Range{0, y.shape()[1]});
        y = gradient(y, x, {.seed = seed, .unconnected = Unconnected::zeros});
        expect_dead(evaluate(y));
      }
    });
  }
}

TEST(DeadRows, ReducedInChunksHaveGradient0) {
  for (const DType dtype : {f32, f64}) {
    const Tensor x = Tensor({1 << 18}, Row(1 << 18, nan)).cast(dtype);
    Graph graph;
    const Value v = graph.parameter("x", x);
    Value y = where(graph.constant(Tensor(true)), 0.0, layer_norm(v));
    for (int order = 1; order <= 2; ++order) {
      y = gradient(sum(y), v);
      EXPECT_EQ(evaluate(count_nonzero(y)).item<std::int64_t>(), 0);
    }
  }
}

TEST(DeadRows, AreNotRowsWithALiveElement) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor::of({{1.0, nan, 2.0}, {0.5, 1.0, 4.0}}));
  const Value first = graph.constant(Tensor::of({true, false, false}));
  for (const Value& y : {softmax(x), layer_norm(x), rms_norm(x)}) {
    const Tensor got = evaluate(gradient(sum(where(first, y, 0.0)), x));
    for (std::int64_t i = 0; i < 3; ++i) EXPECT_TRUE(std::isnan(got.at(i)));
    for (std::int64_t i = 3; i < 6; ++i) EXPECT_TRUE(std::isfinite(got.at(i)));
  }
}

}  // namespace
}  // namespace dagrad
