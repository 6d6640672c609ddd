#include "dagrad/ops/einsum.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dagrad/gtest.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "dagrad/rewrite.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::message;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Vectors : ::testing::Test {
  Graph graph;
  Value x = graph.input("x", {f64, {2}}), y = graph.input("y", {f64, {3}});
  Value u = graph.constant(Tensor::of({2.0, 3.0})),
        v = graph.constant(Tensor::of({5.0, 7.0, 11.0}));
};

TEST_F(Vectors, HaveADotProduct) { EXPECT_EQ(evaluate(dot(v, v)).item<double>(), 195); }

TEST_F(Vectors, HaveAnOuterProduct) {
  const Tensor out = evaluate(outer(u, v));
  EXPECT_EQ(out.shape(), Shape({2, 3}));
  EXPECT_EQ(out.at(2), 22);
  EXPECT_EQ(out.at(3), 15);
}

TEST_F(Vectors, HaveProductsWithGradients) {
  Rng rng(1);
  const Feeds feeds{{x, rng.normal({2})}, {y, rng.normal({3})}};
  EXPECT_GRADIENT(dot(y, v), y, feeds);
  EXPECT_GRADIENT(outer(x, y), {x, y}, feeds);
}

TEST_F(Vectors, AreDistinguishedFromOtherShapes) {
  const Value m = graph.input("m", {f64, {2, 3}});
  EXPECT_THAT(message<ShapeError>([&] { dot(x, y); }),
              HasSubstr("dot: needs vectors of one size, got [2] and [3]"));
  EXPECT_THAT(message<ShapeError>([&] { dot(m, y); }),
              HasSubstr("dot: needs two vectors, got [2,3] and [3]"));
  EXPECT_THAT(message<ShapeError>([&] { outer(x, 2.0); }),
              HasSubstr("outer: needs two vectors, got [2] and []"));
}

TEST(EinsumGolden, CasesAgree) {
  check_golden_cases("einsum",
                     [](const Graph&, std::span<const Value> in, const golden::Case& golden) {
                       return std::vector{einsum(golden.attributes.text("subscripts"), in)};
                     });
}

struct Einsum : ::testing::Test {
  Graph graph;
  Rng rng{3};
  Value input(const Shape& shape, DType dtype = f64) {
    return graph.input("x" + std::to_string(graph.size()), {dtype, shape});
  }
  Value a = input({2, 3}), b = input({3, 4});

  /// The number of nodes with this op.
  std::int64_t count(std::string_view op) const {
    const std::vector<Node> nodes = graph.nodes();
    return std::count_if(nodes.begin(), nodes.end(),
                         [&](const Node& node) { return node.op().name() == op; });
  }
};

TEST_F(Einsum, HasGradientsToSecondOrder) {
  const auto check = [&](const char* equation, std::initializer_list<Shape> shapes) {
    SCOPED_TRACE(equation);
    std::vector<Value> in;
    Feeds feeds;
    for (const Shape& shape : shapes) {
      in.push_back(input(shape));
      feeds.emplace_back(in.back(), rng.normal(shape));
    }
    const Value y = einsum(equation, in);
    EXPECT_GRADIENT(y, in, feeds);
    for (const Value& slope : gradient(sum(square(y)), in)) EXPECT_GRADIENT(slope, in, feeds);
  };
  check("iij->ji", {{2, 2, 3}});
  check("ij,jk,kl->li", {{2, 3}, {3, 2}, {2, 2}});
  check("zabx,zxcd->dzabc", {{2, 1, 2, 3}, {2, 3, 2, 2}});
  check("...ij,j...->...i", {{2, 2, 3}, {3, 1}});
  check("i,i,i->", {{3}, {3}, {3}});
}

TEST_F(Einsum, IsAMatrixProductIfPossible) {
  const std::size_t before = graph.size();
  einsum("ij,jk->ik", {a, b});
  EXPECT_EQ(graph.size(), before + 1);
  einsum("ij,kj->ik", {a, a});  // the product takes the transpose
  EXPECT_EQ(graph.size(), before + 3);
  const Value v = input({3});
  einsum("i,i", {v, v});
  einsum("ij,j", {a, v});
  einsum("i,ij", {v, b});
  EXPECT_EQ(graph.size(), before + 7);
  EXPECT_EQ(count("matmul"), 5);
  EXPECT_EQ(einsum("ij", {a}), a);
}

TEST_F(Einsum, CombinesTheSmallestProductFirst) {
  const Value tall = input({50, 2}), wide = input({2, 50}), v = input({50});
  einsum("ij,jk,k->i", {tall, wide, v});
  for (const Node& node : graph.nodes()) EXPECT_LE(node.output(0).shape().elements(), 100);
}

TEST_F(Einsum, IsReplayedAtOtherSizes) {
  const Value x = input({2, 3, 4}), w = input({4, 2, 3});
  const Value slope = gradient(sum(square(einsum("abx,xcd->dabc", {x, w}))), x);
  const auto other = replay(graph, {{{x, {f64, {3, 1, 5}}}, {w, {f64, {5, 4, 2}}}}});
  const Tensor fed_x = rng.normal({3, 1, 5}), fed_w = rng.normal({5, 4, 2});
  const Value new_x = graph.constant(fed_x), new_w = graph.constant(fed_w);
  const Tensor got =
      evaluate(other.mapping(slope), {{other.mapping(x), fed_x}, {other.mapping(w), fed_w}});
  const Value wanted = gradient(sum(square(einsum("abx,xcd->dabc", {new_x, new_w}))), new_x);
  EXPECT_TRUE(same_bits(got, evaluate(wanted)));
}

TEST_F(Einsum, AcceptsNumbersAndKeepsIntegers) {
  const Value n = graph.constant(Tensor::of({{1, 2}, {3, 4}}).cast(i32));
  EXPECT_TRUE(same_bits(evaluate(einsum(",ij->j", {2, n})), Tensor::of({8, 12}).cast(i32)));
  EXPECT_EQ(einsum("ii", {n}).dtype(), i32);
  EXPECT_THAT(message<ArgumentError>([&] {
                einsum(",", {2.0, 3.0});
              }),
              HasSubstr("einsum: at least one operand must be a value of a graph"));
  EXPECT_THAT(message<TypeError>([&] {
                einsum("ij,jk", {a, input({3, 2}, f32)});
              }),
              HasSubstr("float32"));
}

TEST_F(Einsum, ErrorsExplainBadEquations) {
  const auto text = [&](const char* equation) {
    return message<ArgumentError>([&] { einsum(equation, {a, b}); });
  };
  const auto expect = [&](const char* equation, const std::string& what) {
    EXPECT_THAT(text(equation), StartsWith("einsum \"" + std::string(equation) + "\": " + what +
                                           "\n  made at " __FILE__));
  };
  expect("ij,j1->i", "unexpected '1' at 4");
  expect("ij,jk-ik", "unexpected '-' at 5");
  expect("i..,jk", "unexpected '.' at 1");
  expect("ij,jk->i->k", "a second '->' at 8");
  expect("ij,jk->i,k", "',' after '->' at 8: there is only one result");
  expect("ij,...j...", "a second '...' in one operand at 7");
  expect("ij->i", "the equation has 1 operand, got 2");
  expect("ij,jk,kl", "the equation has 3 operands, got 2");
  expect("ij,jk -> iz", "'z' at 10 of the result is not in any operand");
  expect("ij,jk->iki", "'i' at 9 is in the result twice");
  expect("i...,jk->i", "the result lacks '...', which the operands have");
}

TEST_F(Einsum, ErrorsNameMismatchedShapes) {
  const auto expect = [&](const char* equation, std::initializer_list<Operand> operands,
                          const std::string& what) {
    EXPECT_THAT(
        message<ShapeError>([&] { einsum(equation, operands); }),
        StartsWith("einsum \"" + std::string(equation) + "\": " + what + "\n  made at " __FILE__));
  };
  const Value cube = input({2, 3, 3, 4});
  expect("ij,k", {a, b}, "operand 1 of [3,4] has 2 axes, but the equation names 1");
  expect("...ijk,jk", {a, b}, "operand 0 of [2,3] has 2 axes, but the equation names 3 or more");
  expect("ij,", {a, b}, "operand 1 of [3,4] has 2 axes, but the equation names 0");
  expect("i,ij", {2.0, a}, "operand 0 of [] has 0 axes, but the equation names 1");
  expect("ij,ik", {a, b}, "'i' at 3 has size 3 in operand 1 of [3,4], but 2 in operand 0 of [2,3]");
  expect("ii", {a}, "'i' at 1 has size 3 in operand 0 of [2,3], but 2 in operand 0 of [2,3]");
  expect("i...jj", {cube},
         "'j' at 5 has size 4 in operand 0 of [2,3,3,4], but 3 in operand 0 of [2,3,3,4]");
  expect("...,...", {a, b},
         "axis -2 of '...' has size 3 in operand 1 of [3,4], but 2 in operand 0 of [2,3]");
  expect("ij,jk", {input({2, 1}), b},  // letters do not broadcast
         "'j' at 3 has size 3 in operand 1 of [3,4], but 1 in operand 0 of [2,1]");
}

TEST_F(Einsum, AppendsNothingIfItThrows) {
  const Value c = input({3, 2}, f32), d = input({2, 2, 3});
  const std::size_t before = graph.size();
  message<TypeError>([&] { einsum("iij,jk->ik", {d, c}); });
  EXPECT_EQ(graph.size(), before);
}

}  // namespace
}  // namespace dagrad
