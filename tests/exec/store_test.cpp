// Bound runs that write their results to the caller's memory.

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

MutableView memory(std::vector<double>& data) {
  return {data.data(), {f64, {static_cast<std::int64_t>(data.size())}}};
}

struct Store : ::testing::Test {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Tensor data = Tensor::of({1.0, 2.0, 3.0});
  std::vector<double> first = std::vector<double>(3), second = std::vector<double>(3);
  const std::vector<double> squared{1, 4, 9};
};

TEST_F(Store, WritesResultsThere) {
  BoundRun run = compile({x + x, square(x)}).bind();
  run.feed(x, data);
  run.store(1, memory(second));
  run();
  EXPECT_EQ(second, squared);
  EXPECT_EQ(run.fetch(1).data, second.data());
  EXPECT_EQ(run.fetch(0).as<double>()[2], 6);
  run.store(1, memory(first));
  run.feed(x, Tensor::of({3.0, 3.0, 3.0}));
  run();
  EXPECT_EQ(first, (std::vector<double>{9, 9, 9}));
  EXPECT_EQ(second, squared) << "it is no longer written";
}

TEST_F(Store, CopiesWhatNoStepWritesThere) {
  const Value y = square(x), again = reshape(y, {3, 1});
  const Value constant = graph.constant(Tensor::of({7.0, 8.0, 9.0}));
  BoundRun run = compile({x, y, again, constant}).bind();
  run.feed(x, data);
  std::vector<double> third(3), fourth(3);
  run.store(0, memory(first));
  run.store(1, memory(second));
  run.store(2, {third.data(), {f64, {3, 1}}});
  run.store(3, memory(fourth));
  run();
  EXPECT_EQ(first, data.to_vector<double>());
  EXPECT_EQ(second, squared);
  EXPECT_EQ(third, squared);
  EXPECT_EQ(fourth, (std::vector<double>{7, 8, 9}));
}

TEST_F(Store, LeavesUpdatesToTheState) {
  const Value p = graph.parameter("p", Tensor::of({1.0, 1.0, 1.0}));
  const Value next = p + x;
  const Function f = compile({next, p}, {.update = {{p, next}}});
  State state(graph);
  BoundRun run = f.bind(state);
  run.feed(x, data);
  run.store(0, memory(first));
  run.store(1, memory(second));
  run();
  run();
  EXPECT_EQ(first, (std::vector<double>{3, 5, 7}));
  EXPECT_EQ(second, (std::vector<double>{2, 3, 4}));
  EXPECT_EQ(state.get(p).to_vector<double>(), first);
}

TEST_F(Store, HoldsForRunsThatAreRepeatedToFindANode) {
  BoundRun run = compile({x / x, x * 2}, {.check_finite = true}).bind();
  run.store(0, memory(first));
  run.store(1, memory(second));
  run.feed(x, Tensor::of({1.0, 0.0, 2.0}));
  EXPECT_THROW(run(), RunError);
  const double infinity = std::numeric_limits<double>::infinity();
  run.feed(x, Tensor::of({infinity, 1.0, 2.0}));  // a search runs, and finds nothing to blame
  run();
  EXPECT_EQ(second, (std::vector<double>{infinity, 2, 4}));
  EXPECT_EQ(run.fetch(1).data, second.data());
}

TEST_F(Store, RefusesMemoryThatDoesNotFit) {
  BoundRun run = compile({x + x}).bind();
  EXPECT_EQ(mistake<ArgumentError>([&] { run.store(1, memory(first)); }),
            "store: there is no result 1; the function has 1 fetches");
  std::vector<double> longer(4);
  EXPECT_EQ(mistake<ShapeError>([&] { run.store(0, memory(longer)); }),
            "store: result 0 is float64[3], but the memory is for float64[4]");
  std::vector<float> floats(3);
  EXPECT_EQ(mistake<TypeError>([&] {
              run.store(0, (MutableView{floats.data(), {f32, {3}}}));
            }),
            "store: result 0 is float64[3], but the memory is for float32[3]");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              run.store(0, (MutableView{nullptr, {f64, {3}}}));
            }),
            "store: the memory for result 0 is null");
  auto* const odd = reinterpret_cast<char*>(longer.data()) + 1;
  EXPECT_EQ(mistake<ArgumentError>([&] {
              run.store(0, (MutableView{odd, {f64, {3}}}));
            }),
            "store: the memory for result 0 is not aligned to an element");
}

}  // namespace
}  // namespace dagrad
