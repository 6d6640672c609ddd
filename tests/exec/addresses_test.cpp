// Addresses that change from run to run reach all steps, however often a function has run.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad {
namespace {

constexpr std::int64_t size = 100;  // too many elements for routines
constexpr std::size_t runs = 5;

double number(std::size_t i) { return static_cast<double>(i); }
Tensor all(double x) { return Tensor::of(std::vector<double>(size, x)); }

class Addresses : public testing::TestWithParam<int> {};

TEST_P(Addresses, OfFeedsAndKeptResults) {
  Graph graph;
  const Value x = graph.input("x", {f64, {size}}), y = graph.input("y", {f64, {size}});
  const Value sum_of_x = cumsum(x, 0);  // no loop
  const Function f = compile({sum_of_x * y, x, matmul(x, y)}, {.threads = GetParam()});
  std::vector<std::vector<Tensor>> kept;
  for (std::size_t i = 0; i < runs; ++i) kept.push_back(f({{"x", all(number(i))}, {"y", all(2)}}));
  for (std::size_t i = 0; i < runs; ++i) {
    EXPECT_EQ(kept[i][0].values<double>()[size - 1], 2.0 * size * number(i));
    EXPECT_EQ(kept[i][1].values<double>()[0], number(i));
    EXPECT_EQ(kept[i][2].item<double>(), 2.0 * size * number(i));
  }
}

TEST_P(Addresses, OfParametersOfAState) {
  Graph graph;
  const Value w = graph.parameter("w", all(1)), x = graph.input("x", {f64, {size}});
  const Value next = cumsum(w * x, 0) - cumsum(w, 0) + w;
  const Function f = compile({sum(w)}, {.update = {{w, next}}, .threads = GetParam()});
  State state(graph);
  BoundRun run = f.bind(state);
  std::vector<Tensor> values;
  for (std::size_t i = 0; i < runs; ++i) {
    const Tensor ones = all(1);  // w stays as it is
    run.feed("x", ones);
    run();
    values.push_back(state.get(w));
    EXPECT_EQ(*static_cast<const double*>(run.fetch(0).data), size * (1.0 + number(i))) << i;
    state.set(w, all(2 + number(i)));
  }
  for (std::size_t i = 0; i < runs; ++i) EXPECT_EQ(values[i].values<double>()[7], 1 + number(i));
}

TEST_P(Addresses, OfMemoryForResults) {
  Graph graph;
  const Value x = graph.input("x", {f64, {size}});
  const Function f = compile({cumsum(x + 1, 0)}, {.threads = GetParam()});
  BoundRun run = f.bind();
  for (std::size_t i = 0; i < runs; ++i) {
    Tensor to(Type{f64, {size}});
    run.store(0, to.mutable_view());
    const Tensor from = all(number(i));
    run.feed("x", from);
    run();
    EXPECT_EQ(to.values<double>()[size - 1], size * (number(i) + 1));
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, Addresses, testing::Values(1, 2));

}  // namespace
}  // namespace dagrad
