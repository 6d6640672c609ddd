// What the default passes must leave alone: casts that lose something, effects, checks, and
// gradients that differ from those of the values.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/passes/fuse.hpp"
#include "tests/passes/count.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

constexpr DType dtypes[] = {b8, i8, u8, i16, i32, i64, f16, bf16, f32, f64};

Tensor edges(DType dtype) {
  const std::vector<double> integers{0,    1,   -1,  2,   127, 128,   -128,
                                     -129, 200, 255, 256, 300, 32767, 65536};
  const std::vector<double> others{0.5, -2.75, 1e9, -3e9, 1e19, -0.0, INFINITY, -INFINITY, NAN};
  std::vector<double> all = integers;
  if (is_float(dtype)) all.insert(all.end(), others.begin(), others.end());
  if (dtype == i32 || dtype == i64)
    all.insert(all.end(), {2147483647.0, -2147483648.0, 16777217.0});
  return Tensor::of(all).cast(dtype);
}

TEST(LeftAlone, CastsThatLoseSomething) {
  for (const DType from : dtypes) {
    for (const DType between : dtypes) {
      for (const DType to : dtypes) {
        Graph graph;
        const Tensor elements = edges(from);
        const Value x = graph.input("x", elements.type());
        const Value y = cast(cast(x, between), to);
        const Tensor plain = compile(y, {.passes = {}})({{"x", elements}})[0];
        const Tensor optimized = compile(y, {.passes = default_passes()})({{"x", elements}})[0];
        ASSERT_TRUE(same_bits(plain, optimized))
            << name(from) << " to " << name(between) << " to " << name(to) << plain << optimized;
      }
    }
  }
}

TEST(LeftAlone, IntsThatSaturateOnTheWayThroughAFloat) {
  Graph graph;
  const Value x = graph.input("x", {i32, {2}});
  const Value y = cast(cast(x, f64), i8);
  const Tensor large = Tensor::of({300.0, -300.0}).cast(i32);
  EXPECT_TRUE(same_bits(compile(y)({{"x", large}})[0], Tensor::of({127.0, -128.0}).cast(i8)));
}

/// The memory of x, after something that a test counts.
struct Counted {
  static constexpr auto name = "counted";
  static constexpr bool ordered = true;
  static constexpr int alias = 0;
  static inline int runs = 0;
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    ++runs;
    if (c.ins[0].data != c.outs[0].data)
      std::memcpy(c.outs[0].data, c.ins[0].data, c.outs[0].type.bytes());
  }
  Grads grad(const GradContext& g) const { return {g.dout}; }
};

TEST(LeftAlone, Effects) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  for (const Value& y : {reshape(apply(Counted{}, {x}), {6}), apply(Counted{}, {x}),
                         where(apply(Counted{}, {graph.constant(true)}), x, x + 1)}) {
    EXPECT_EQ(count(optimize(graph, {y, x}).graph, "counted"), 1u) << y;
  }
}

/// The memory of x, whose first element must not be negative.
struct NotNegative {
  static constexpr auto name = "not_negative";
  static constexpr int alias = 0, identity = 0;
  Type infer(std::span<const Type> in) const { return in[0]; }
  void validate(std::span<const View> in) const {
    if (in[0].data && *static_cast<const double*>(in[0].data) < 0)
      throw ArgumentError("is negative");
  }
  void eval(const EvalContext& c) const {
    if (c.ins[0].data != c.outs[0].data)
      std::memcpy(c.outs[0].data, c.ins[0].data, c.outs[0].type.bytes());
  }
  Grads grad(const GradContext& g) const { return {g.dout}; }
};

TEST(LeftAlone, Checks) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  for (const Value& y : {apply(NotNegative{}, {x}), reshape(apply(NotNegative{}, {x}), {2, 1})}) {
    EXPECT_EQ(count(optimize(graph, {y, x}).graph, "not_negative"), 1u) << y;
    const Function f = compile(y);
    EXPECT_NO_THROW(f({{"x", Tensor::of({1.0, 2.0})}}));
    EXPECT_THROW(f({{"x", Tensor::of({-1.0, 2.0})}}), Error);
  }
}

/// x, whose gradient is turned round.
struct Reversed {
  static constexpr auto name = "reversed";
  static constexpr int alias = 0;
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    if (c.ins[0].data != c.outs[0].data)
      std::memcpy(c.outs[0].data, c.ins[0].data, c.outs[0].type.bytes());
  }
  Grads grad(const GradContext& g) const { return {-g.dout}; }
};

TEST(LeftAlone, GradientsOfTheirOwn) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  for (const Value& y : {apply(Reversed{}, {x}), reshape(apply(Reversed{}, {x}), {2, 1}),
                         apply(Reversed{}, {reshape(x, {2})})}) {
    const Value loss = sum(y * y);
    const Optimized better = optimize(graph, {loss, x});
    const Value slope = gradient(better.mapping(loss), better.mapping(x));
    const Tensor turned = compile(slope)({{"x", Tensor::of({1.0, -3.0})}})[0];
    EXPECT_TRUE(same_bits(turned, Tensor::of({-2.0, 6.0}))) << y;
  }
}

TEST(LeftAlone, FusedNodesHaveNoGradient) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value y = sum(stop_gradient(sin(x)) * x + x);
  const PassResult result = fuse(graph, std::vector{y, x});
  const std::string text =
      thrown<GradientError>([&] { gradient(result.mapping(y), result.mapping(x)); });
  EXPECT_NE(text.find("runs after differentiation"), text.npos) << text;
}

}  // namespace
}  // namespace dagrad
