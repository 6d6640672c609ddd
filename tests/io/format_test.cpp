#include "dagrad/format.hpp"

#include <gtest/gtest.h>

#include "dagrad/ops/operators.hpp"

namespace {

using namespace dagrad;

TEST(Format, PrintsWhatStreamsPrint) {
  Graph graph;
  const Value x = graph.input("x", {f32, {2, 3}}), y = x * 2;
  EXPECT_EQ(fmt::format("{} {} {}", f32, x.shape(), x.type()), "float32 [2,3] float32[2,3]");
  EXPECT_EQ(fmt::format("{}", y), "%mul : float32[2,3]");
  EXPECT_EQ(fmt::format("{}", y.node()), to_string(y.node()));
  EXPECT_EQ(fmt::format("{}", graph), to_string(graph));
  EXPECT_EQ(fmt::format("{:>8}", f64), " float64");
  EXPECT_EQ(fmt::format("{}", Tensor::of({1.0, 2.5})), to_string(Tensor::of({1.0, 2.5})));
}

}  // namespace
