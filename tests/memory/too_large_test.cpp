#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "dagrad/dagrad.hpp"

/// Sizes that exceed any memory give an error; no number wraps around.
namespace dagrad::test {
namespace {

using testing::HasSubstr;

constexpr std::int64_t most = std::int64_t{1} << 48;  // the most elements of a shape

template <class E, class F>
std::string refusal(F&& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return "";
}

struct TooLarge : testing::Test {
  Graph graph;
  Value x = graph.input("x", {f64, {3}}), none = graph.input("none", {f64, {0}});
};

TEST_F(TooLarge, Tensor) {
  EXPECT_THAT(refusal<RunError>([] { Tensor(Type{f64, {most}}); }), HasSubstr("out of memory"));
}

TEST_F(TooLarge, Padding) {
  EXPECT_THAT(refusal<ShapeError>([&] { pad(x, {INT64_MAX}, {INT64_MAX}); }),
              HasSubstr("pad: cannot pad by 9223372036854775807 elements"));
  EXPECT_THAT(refusal<ShapeError>([&] { pad(x, {most}, {0}); }), HasSubstr("at most 2^48"));
}

TEST_F(TooLarge, StepsOfSlices) {
  for (const std::int64_t step : {INT64_MAX, most, std::int64_t{3}})
    EXPECT_EQ(evaluate(slice(x, 0, {.step = step}), {{x, Tensor::of({1.0, 2.0, 3.0})}}).at(0), 1);
  for (const std::int64_t step : {INT64_MIN, -most, std::int64_t{-3}})
    EXPECT_EQ(evaluate(slice(x, 0, {.step = step}), {{x, Tensor::of({1.0, 2.0, 3.0})}}).at(0), 3);
  EXPECT_EQ(slice(none, 0, {.step = INT64_MIN}).shape(), Shape{0});
}

TEST_F(TooLarge, Parts) {
  const std::size_t nodes = graph.size();
  EXPECT_THROW(split(none, INT64_MAX), std::bad_alloc);
  EXPECT_EQ(graph.size(), nodes);
}

TEST_F(TooLarge, ReachOfKernels) {
  const Value in = graph.input("in", {f64, {1, 1, 4}});
  const Value kernel = graph.input("kernel", {f64, {1, 1, (std::int64_t{1} << 33) + 1}});
  const Convolution wide{.dilation = {std::int64_t{1} << 31}};
  EXPECT_THAT(refusal<ShapeError>([&] { conv1d(in, kernel, wide); }), HasSubstr(" spans "));
}

TEST_F(TooLarge, WhatARunHolds) {
  const Value huge = graph.input("huge", {f64, {1 << 24, 1 << 24}});
  std::vector<Value> terms;  // 2^51 bytes each, 2^64 in total
  for (int i = 0; i < 1 << 13; ++i) terms.push_back(zeros_like(huge));
  EXPECT_THAT(refusal<RunError>([&] { compile({add_n(terms)}, {.passes = {}}); }),
              HasSubstr("a run needs more memory than the address space holds"));
}

}  // namespace
}  // namespace dagrad::test
