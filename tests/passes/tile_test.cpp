// Groups of nodes that are computed tile by tile.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/passes/tile.hpp"

namespace dagrad {
namespace {

const Pass tiling("tile_rows", tile_rows, true);

std::vector<Node> tiled_nodes(const Graph& graph) {
  std::vector<Node> nodes;
  for (const Node& node : graph.nodes())
    if (node.op().get_if<Tiled>() != nullptr) nodes.push_back(node);
  return nodes;
}

/// Expects the same bits with tiles as without, on any number of threads. Returns the number of
/// groups.
std::size_t expect_same(const Graph& graph, const std::vector<Value>& values, const Feeds& feeds) {
  const std::vector<Tensor> wanted = compile(values, {.threads = 1, .passes = {}})(feeds);
  for (const int threads : {1, 2, 3}) {
    Runtime runtime({.threads = threads});
    const Function f = compile(values, {.runtime = &runtime, .passes = {tiling}});
    for (int run = 0; run < 2; ++run) {
      const std::vector<Tensor> got = f(feeds);
      for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_TENSOR_SAME(got[i], wanted[i]);
    }
  }
  return tiled_nodes(tile_rows(graph, values).graph).size();
}

Value layer_norm_of_pieces(const Value& x, const Value& scale, const Value& shift) {
  const Value centred = x - mean(x, 1, true);
  const Value deviation = sqrt(mean(square(centred), 1, true) + 1e-5);
  return centred / deviation * scale + shift;
}

Value softmax_of_pieces(const Value& x) {
  const Value e = exp(x - max(x, 1, true));
  return e / sum(e, 1, true);
}

TEST(TileRows, ComputesAChainAndItsGradient) {
  for (const std::int64_t rows : {1000, 1003, 40, 41}) {
    Graph graph;
    const Type type{f64, {rows, 400'000 / rows}};
    const Value x = graph.input("x", type), row = graph.input("row", {f64, {type.shape[1]}});
    const auto damped = elementwise("damped", [](auto a) { return a / (1 + a * a); });
    const Value y = sum(damped(square(x + row)) * (2 - row), 1);
    const Value dx = gradient(sum(y), x);
    Rng rng(1);
    const Feeds feeds{{x, rng.normal(type.shape)}, {row, rng.normal({type.shape[1]})}};
    EXPECT_GE(expect_same(graph, {y, dx}, feeds), 1u) << rows;
  }
}

TEST(TileRows, ComputesNormsAndSoftmaxWrittenFromPieces) {
  Graph graph;
  const Value x = graph.input("x", {f32, {1001, 600}});
  const Value scale = graph.parameter("scale", Rng(1).normal({600}, 0, 1, f32));
  const Value shift = graph.parameter("shift", Rng(2).normal({600}, 0, 1, f32));
  const Value y = softmax_of_pieces(layer_norm_of_pieces(x, scale, shift));
  const Value loss = sum(y * x);
  const std::vector<Value> values{y, loss, gradient(loss, x), gradient(loss, scale),
                                  gradient(loss, shift)};
  EXPECT_GE(expect_same(graph, values, {{x, Rng(3).normal({1001, 600}, 0, 1, f32)}}), 1u);
}

TEST(TileRows, ComputesBatchedProducts) {
  Graph graph;
  const Value points = graph.input("points", {f64, {500, 12}});
  const Value means = graph.parameter("means", Rng(1).normal({30, 12}));
  const Value factors = graph.parameter("factors", Rng(2).normal({30, 12, 12}));
  const Value centred = points - unsqueeze(means, {1});
  const Value joint = -0.5 * sum(square(matmul(centred, transpose(factors, {0, 2, 1}))), 2);
  const Value loss = sum(logsumexp(joint, 0));
  const std::vector<Value> values{loss, gradient(loss, means), gradient(loss, factors)};
  EXPECT_GE(expect_same(graph, values, {{points, Rng(3).normal({500, 12})}}), 2u);
}

TEST(TileRows, ReshapesRows) {
  Graph graph;
  const Value x = graph.input("x", {f64, {600, 400}});
  const Value y = reshape(exp(x), {600, 20, 20});
  const Value z = concat({sum(y * y, 1), slice(tanh(x), 1, {0, 5})}, 1);
  const std::vector<Value> values{z, gradient(sum(z * z), x), reshape(tanh(x), {600, 400, 1})};
  EXPECT_GE(expect_same(graph, values, {{x, Rng(1).normal({600, 400})}}), 1u);
}

TEST(TileRows, TakesElementsAndRowsByConstantIndices) {
  Graph graph;
  const Value x = graph.input("x", {f64, {50'000}}), table = graph.input("table", {f32, {900, 4}});
  std::vector<std::int64_t> indices(150'000), rows(90'000);
  for (std::size_t i = 0; i < indices.size(); ++i)
    indices[i] = static_cast<std::int64_t>(i / 3 % 50'000) - (i % 2 == 0 ? 50'000 : 0);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i * 7 % 900);
  const Value at = graph.constant(Tensor::of(indices).cast(i32));
  const Value elements = tanh(take(x, at, 0)) * 2.0;
  const Value of_rows = sum(square(take(table, graph.constant(Tensor::of(rows)), 0)), 1);
  const Feeds feeds{{x, Rng(1).normal({50'000})}, {table, Rng(2).normal({900, 4}, 0, 1, f32)}};
  EXPECT_EQ(expect_same(graph, {elements}, feeds), 1u);
  EXPECT_EQ(expect_same(graph, {of_rows}, feeds), 1u);
  const auto takes_apart = [&](const Value& y) {
    return std::ranges::any_of(
        tile_rows(graph, std::vector{y}).graph.nodes(),
        [](const Node& node) { return node.op().get_if<Take>() != nullptr; });
  };
  EXPECT_FALSE(takes_apart(elements));
  const Value fed = graph.input("fed", {i32, {150'000}});
  EXPECT_TRUE(takes_apart(tanh(take(x, fed, 0)) * 2.0)) << "its indices are checked as a whole";
}

TEST(TileRows, LeavesAloneWhatDoesNotPay) {
  Graph graph;
  const auto tiles_of = [&](const Value& y) {
    return tiled_nodes(tile_rows(graph, std::vector{y}).graph).size();
  };
  const Value small = graph.input("small", {f64, {100, 100}});
  EXPECT_EQ(tiles_of(sum(exp(sin(small)), 1)), 0u) << "it stays in the cache anyway";
  const Value large = graph.input("large", {f64, {1000, 1000}});
  EXPECT_EQ(tiles_of(sum(exp(sin(large)), 0)), 1u) << "the sum combines rows";
  EXPECT_EQ(tiles_of(sin(large)), 0u) << "there is nothing to join";
  const Value row = graph.input("row", {f64, {1, 1'000'000}});
  EXPECT_EQ(tiles_of(exp(sin(row))), 0u) << "there is one row";
  const Value few = graph.input("few", {f64, {3, 400'000}});
  EXPECT_EQ(tiles_of(exp(sin(few))), 0u) << "a row does not fit in the cache";
  const Value none = graph.input("none", {f64, {1000, 0}});
  EXPECT_EQ(tiles_of(exp(sin(none))), 0u) << "there is no element";
  const Value weights = graph.input("weights", {f64, {1000, 1000}});
  EXPECT_EQ(tiles_of(exp(matmul(large, weights))), 0u) << "products are faster as a whole";
}

TEST(TileRows, StoresOnlyWhatIsUsedElsewhere) {
  Graph graph;
  const Value x = graph.input("x", {f64, {1000, 500}});
  const Value a = exp(x), b = sin(a), c = sum(b, 1);
  const PassResult tiled = tile_rows(graph, std::vector{c, b});
  ASSERT_EQ(tiled_nodes(tiled.graph).size(), 1u);
  EXPECT_FALSE(tiled.mapping.find(a));
  EXPECT_EQ(tiled.mapping(b).node_id(), tiled.mapping(c).node_id());
  EXPECT_EQ(tiled.mapping(c).type(), c.type());
}

TEST(TileRows, KeepsOriginsAndNames) {
  Graph graph;
  const Value x = graph.input("x", {f64, {1000, 500}});
  const Value y = sum(exp(x).named("e"), 1).named("y");
  const PassResult tiled = tile_rows(graph, std::vector{y});
  const Node node = tiled.mapping(y).node();
  EXPECT_EQ(node.name(), "y");
  std::vector<std::string> origins;
  for (const Origin& origin : node.origins()) origins.push_back(origin.node);
  EXPECT_EQ(origins, (std::vector<std::string>{"y", "e"}));
  EXPECT_NE(to_string(node).find("nodes=2"), std::string::npos) << node;
}

/// Fails if an element is negative.
struct Refusing {
  static constexpr auto name = "refusing";
  static constexpr no_grad grad{"it is only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  std::uint32_t row_operands(std::span<const Type>) const { return 1; }
  void eval(const EvalContext& c) const {
    const auto x = c.in<double>(0);
    const auto out = c.out<double>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] < 0) throw RunError("an element is negative");
      out[i] = x[i];
    }
  }
};

TEST(TileRows, NamesTheNodeThatFails) {
  Graph graph;
  const Value x = graph.input("x", {f64, {1000, 500}});
  const Value y = sum(exp(apply(Refusing{}, {x}).named("strict")), 1);
  const Tensor good = Tensor::full(x.type(), 1.0);
  std::vector<double> elements(500'000, 1.0);
  elements[400'000] = -1;
  Runtime runtime({.threads = 2});
  const Function f = compile({y}, {.runtime = &runtime, .passes = {tiling}});
  const std::vector<Tensor> wanted = f(good);
  try {
    (void)f(Tensor(x.shape(), elements));
    ADD_FAILURE() << "nothing is thrown";
  } catch (const RunError& error) {
    EXPECT_EQ(error.node(), "strict");
    EXPECT_EQ(std::string(error.what()).find("refusing: an element is negative\n  node 'strict', "),
              0u)
        << error.what();
  }
  EXPECT_TENSOR_SAME(f(good)[0], wanted[0]) << "it can be run again";
}

TEST(TileRows, FindsTheNodeThatIsNotFinite) {
  Graph graph;
  const Value x = graph.input("x", {f64, {8000, 100}}), low = log(x).named("low");
  for (const Value& y : {sum(maximum(low, 0), 1), sum(low * 2, 0)}) {
    const Function f = compile({y}, {.check_finite = true, .passes = {tiling}});
    std::vector<double> elements(800'000, 1.0);
    const Tensor good(x.shape(), elements), wanted = Tensor::full(y.type(), 0.0);
    EXPECT_TENSOR_SAME(f(good)[0], wanted);
    elements[300'000] = -1;
    try {
      (void)f(Tensor(x.shape(), elements));
      ADD_FAILURE() << "nothing is thrown";
    } catch (const RunError& error) {
      EXPECT_EQ(error.node(), "low");
    }
    EXPECT_TENSOR_SAME(f(good)[0], wanted) << "it can be run again";
  }
}

TEST(TileRows, RunsOnManyThreadsAtOnce) {
  Graph graph;
  const Value x = graph.input("x", {f64, {8001, 90}});
  const Tensor data = Rng(1).normal({8001, 90});
  for (const int axis : {0, 1}) {
    const Value y = sum(sin(x) * x, axis);
    const Function f = compile({y}, {.passes = {tiling}});
    const Tensor wanted = compile({y}, {.passes = {}})(data)[0];
    std::vector<std::thread> threads;
    std::atomic<int> same = 0;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] { same += same_bits(f(data)[0], wanted) ? 1 : 0; });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(same, 4) << axis;
  }
}

TEST(TileRows, TakesOtherNumbersOfRows) {
  Graph graph;
  const Value x = graph.input("x", {f64, {1000, 500}}), shift = graph.input("shift", {f64, {500}});
  const Value y = sum(exp(sin(x) + shift), 1);
  const PassResult tiled = tile_rows(graph, std::vector{y});
  const Op op = tiled.mapping(y).node().op();
  Rng rng(1);
  const Tensor row = rng.normal({500});
  for (const std::int64_t rows : {0, 1, 3, 997, 1000}) {
    const Tensor data = rng.normal({rows, 500});
    const Rewritten other = replay(graph, std::vector<Retyped>{{x, data.type()}});
    const Function plain = compile({other.mapping(y)}, {.passes = {}});
    EXPECT_TENSOR_SAME(evaluate_op(op, {data, row})[0], plain({{"x", data}, {"shift", row}})[0]);
  }
  EXPECT_THROW(evaluate_op(op, {rng.normal({4, 4}), row}), ShapeError);
  EXPECT_THROW(evaluate_op(op, {rng.normal({}), row}), ShapeError);
  EXPECT_THROW(evaluate_op(op, {rng.normal({4, 500}, 0, 1, f32), row}), TypeError);
  EXPECT_THROW(gradient(sum(tiled.mapping(y)), tiled.mapping(x)), GradientError);
}

/// Notes its first element.
struct Noting {
  std::vector<double>* notes = nullptr;
  static constexpr auto name = "noting";
  static constexpr bool ordered = true;
  static constexpr no_grad grad{"it is only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  std::uint32_t row_operands(std::span<const Type>) const { return 1; }
  void eval(const EvalContext& c) const {
    std::ranges::copy(c.in<double>(0), c.out<double>().begin());
    notes->push_back(c.in<double>(0)[0]);
  }
};

TEST(TileRows, KeepsTheOrderOfEffects) {
  Graph graph;
  const Value x = graph.input("x", {f64, {1000, 500}});
  std::vector<double> notes;
  const Value a = sum(sin(x) + 1, 1);
  const Value first = apply(Noting{&notes}, {x * 2});
  const Value b = sum(exp(first), 1), second = apply(Noting{&notes}, {a});
  const Function f = compile({sum(second + b)}, {.passes = {tiling}});
  (void)f(Tensor::full(x.type(), 0.0));
  EXPECT_EQ(notes, (std::vector<double>{0, 500}));
}

}  // namespace
}  // namespace dagrad
