// Groups of nodes that end in sums over the rows of their tiles.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/kernels/sums.hpp"
#include "dagrad/passes/tile.hpp"

namespace dagrad {
namespace {

const Pass tiling("tile_rows", tile_rows, true);

/// The nodes that sum elements by themselves.
std::int64_t sums_alone(const Graph& graph) {
  return std::ranges::count_if(graph.nodes(), [](const Node& node) {
    return node.kind() == NodeKind::op &&
           (node.op().get_if<Sum>() || node.op().get_if<Mean>() || node.op().get_if<SumToLike>());
  });
}

/// Expects the same bits with tiles as without on every instruction set, on any number of threads.
void expect_same(const std::vector<Value>& values, const Feeds& feeds) {
  for (const InstructionSet set : {InstructionSet::plain, best_instruction_set()})
    for (const int threads : {1, 2, 3}) {
      Runtime runtime({.threads = threads, .instruction_set = set});
      const std::vector<Tensor> wanted =
          compile(values, {.threads = 1, .runtime = &runtime, .passes = {}})(feeds);
      const Function f = compile(values, {.runtime = &runtime, .passes = {tiling}});
      for (int run = 0; run < 2; ++run) {
        const std::vector<Tensor> got = f(feeds);
        for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_TENSOR_SAME(got[i], wanted[i]);
      }
    }
}

/// Expects that tiles compute all sums of the values, except for so many, and keep their bits.
void expect_joined(const Graph& graph, const std::vector<Value>& values, const Feeds& feeds,
                   std::int64_t alone = 0) {
  EXPECT_EQ(sums_alone(tile_rows(graph, values).graph), alone) << graph;
  expect_same(values, feeds);
}

/// Rows of which a group sums the square: their number divides neither into chunks nor into tiles.
struct Shapes {
  Shape shape;
  std::vector<std::int64_t> axes;
};
const std::vector<Shapes> shapes{
    {{5003, 150}, {0}}, {{5003, 150}, {0, 1}}, {{700'001}, {0}},        {{700'001, 1}, {0}},
    {{90'001, 7}, {0}}, {{90'001, 7}, {0, 1}}, {{601, 3, 401}, {0, 1}}, {{40'001, 20}, {0}},
};

TEST(TileSums, SumOverRows) {
  for (const DType dtype : {f64, f32, f16, bf16})
    for (const auto& [shape, axes] : shapes) {
      SCOPED_TRACE(to_string(Type{dtype, shape}));
      Graph graph;
      const Value x = graph.input("x", {dtype, shape});
      const Value y = square(x) * 0.5;
      expect_joined(graph, {sum(y, axes), mean(y, axes, true), y},
                    {{x, Rng(1).normal(shape, 0, 1, f32).cast(dtype)}});
    }
}

TEST(TileSums, SumWideRows) {
  Graph graph;  // whose sums are divided into tiles of columns
  const Value x = graph.input("x", {f32, {700, 9001}});
  expect_joined(graph, {sum(exp(x) * x, 0)}, {{x, Rng(1).normal({700, 9001}, 0, 1, f32)}});
}

TEST(TileSums, SumGradientsOfRepeatedRows) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3001, 300}}), row = graph.input("row", {f64, {300}});
  const Value scale = graph.input("scale", {f64, {1, 300}});
  const Value y = sum(tanh(x + row) * scale, 1);
  std::vector<Value> values = gradient(sum(y), {x, row, scale});
  values.push_back(y);
  Rng rng(1);
  expect_joined(
      graph, values,
      {{x, rng.normal({3001, 300})}, {row, rng.normal({300})}, {scale, rng.normal({1, 300})}});
}

TEST(TileSums, KeepNonFiniteNumbersAndZeros) {
  Graph graph;
  const Value x = graph.input("x", {f64, {9000, 100}});
  std::vector<double> elements(900'000, -0.0);
  elements[100 * 5000 + 7] = std::numeric_limits<double>::quiet_NaN();
  elements[100 * 8999 + 8] = std::numeric_limits<double>::infinity();
  elements[100 * 4321 + 9] = 1e308;
  elements[100 * 8321 + 9] = 1e308;
  const Value y = x * 1.5;
  expect_joined(graph, {sum(y, 0), sum(y)}, {{x, Tensor(x.shape(), elements)}});
}

TEST(TileSums, FeedLaterGroups) {
  Graph graph;
  const Value x = graph.input("x", {f64, {5003, 150}});
  const Value y = exp(x) * 0.5, centred = y - mean(y, 0),
              deviation = sqrt(mean(square(centred), 0));
  const Value normalized = tanh(centred / deviation) + sum(y, 1, true);
  expect_joined(graph, {normalized, sum(square(normalized), 0)}, {{x, Rng(1).normal({5003, 150})}});
}

TEST(TileSums, OfSquareMatricesAreNotRows) {
  Graph graph;
  const Value x = graph.input("x", {f64, {1003, 1003}});
  const Value y = exp(x) * 0.5, total = sum(y, 0), scaled = unsqueeze(total, {1}) * y;
  expect_joined(graph, {scaled, sum(scaled, 0), sum(scaled, 1)},
                {{x, Rng(1).normal({1003, 1003}, 0, 0.1)}});
}

TEST(TileSums, AreOfValuesThatAreNotStored) {
  Graph graph;  // the fused loop has a result that is fetched and one that is only summed
  const Value x = graph.input("x", {f64, {5003, 150}}), row = graph.input("row", {f64, {150}});
  const std::vector<Value> values = gradient(sum(tanh(x) * row), {x, row});
  const auto optimized = optimize(graph, values);
  const std::vector<Value> simple = optimized.mapping(values);
  const PassResult fused = fuse(optimized.graph, simple);
  const PassResult tiled = tile_rows(fused.graph, fused.mapping(simple));
  std::vector<Type> types;
  for (const Node& node : tiled.graph.nodes())
    if (node.kind() == NodeKind::op && node.op().get_if<Tiled>())
      for (std::size_t i = 0; i < node.outputs(); ++i) types.push_back(node.output(i).type());
  std::ranges::sort(types, {}, &Type::bytes);
  EXPECT_EQ(types, (std::vector<Type>{row.type(), x.type()})) << tiled.graph;
}

TEST(TileSums, StayApartIfTheyDivideRowsInAnotherWay) {
  Graph graph;
  const Value x = graph.input("x", {f64, {30'003, 60}});
  const Value y = exp(x) * 0.5, twice = concat({y, y}, 1);
  const std::vector<Value> values{sum(y, 0), sum(twice, 0), mean(y, 0)};
  expect_joined(graph, values, {{x, Rng(1).normal({30'003, 60})}}, 1);  // that of longer rows
}

TEST(TileSums, StayApartIfTheyHaveFewChunks) {
  Graph graph;
  const Value x = graph.input("x", {f64, {100, 4000}});
  expect_joined(graph, {sum(exp(sin(x)), 0)}, {{x, Rng(1).normal({100, 4000})}}, 1);
}

TEST(TileSums, NeedTheirNumberOfRows) {
  Graph graph;
  const Value x = graph.input("x", {f64, {8001, 90}});
  const Value y = sum(sin(x) * x, 0);
  const PassResult tiled = tile_rows(graph, std::vector{y});
  const Op op = tiled.mapping(y).node().op();
  const Tensor data = Rng(1).normal({8001, 90});
  EXPECT_TENSOR_SAME(evaluate_op(op, {data})[0], compile({y}, {.passes = {}})(data)[0]);
  EXPECT_THROW(evaluate_op(op, {Rng(1).normal({8000, 90})}), ShapeError);
  EXPECT_THROW(evaluate_op(op, {Rng(1).normal({0, 90})}), ShapeError);
  EXPECT_THROW(evaluate_op(op, {Rng(1).normal({})}), ShapeError);
}

/// Sums an array chunk by chunk, the last one first, and adds `pieces` of rows in turn.
Tensor sum_in_pieces(const Tensor& x, const kernels::SummedAxes& what, const Type& result,
                     const std::vector<std::int64_t>& pieces) {
  const auto sum = kernels::row_sum(x.type(), what);
  EXPECT_NE(sum, nullptr);
  std::vector<double> scratch(sum->scratch() / sizeof(double) + 1);
  const Runtime runtime({.threads = 1});
  const auto adder = sum->adder(runtime.machine());
  const std::int64_t rows = x.shape()[0];
  const auto* const data = static_cast<const std::byte*>(x.view().data);
  const std::size_t row_bytes = x.type().bytes() / static_cast<std::size_t>(rows);
  std::size_t next = 0;
  for (std::int64_t chunk = sum->chunks() - 1; chunk >= 0; --chunk) {
    adder->begin();
    const std::int64_t end = std::min(rows, (chunk + 1) * sum->rows_of_chunk());
    for (std::int64_t row = chunk * sum->rows_of_chunk(), n = 0; row < end; row += n) {
      n = std::min(pieces[next++ % pieces.size()], end - row);
      adder->add(data + static_cast<std::size_t>(row) * row_bytes, n);
    }
    adder->finish(chunk, scratch.data());
  }
  Tensor made(result);
  sum->join(scratch.data(), made.mutable_view());
  return made;
}

TEST(TileSums, AddPiecesOfAnyLength) {
  for (const DType dtype : {f64, f32, bf16})
    for (const auto& [shape, axes] : shapes) {
      SCOPED_TRACE(to_string(Type{dtype, shape}));
      const Tensor x = Rng(1).normal(shape, 0, 1, f32).cast(dtype);
      const Tensor wanted = evaluate_op(Sum{{axes, false}}, {x})[0];
      const kernels::SummedAxes what{Sum{{axes, false}}.mask(shape.rank())};
      for (const auto& pieces :
           std::vector<std::vector<std::int64_t>>{{1}, {3}, {20}, {1 << 20}, {7, 1, 0, 300, 2, 64}})
        EXPECT_TENSOR_SAME(sum_in_pieces(x, what, wanted.type(), pieces), wanted);
    }
}

TEST(TileSums, NeedFloatsAndSeveralChunksOfWholeRows) {
  using kernels::row_sum;
  EXPECT_NE(row_sum({f32, {10'000, 100}}, {1}), nullptr);
  EXPECT_EQ(row_sum({i64, {10'000, 100}}, {1}), nullptr);
  EXPECT_EQ(row_sum({f32, {10'000, 100}}, {2}), nullptr) << "the rows remain";
  EXPECT_EQ(row_sum({f32, {10'000, 10, 10}}, {5}), nullptr) << "the axes are not adjacent";
  EXPECT_EQ(row_sum({f32, {100, 100}}, {1}), nullptr) << "there is a single chunk";
  EXPECT_EQ(row_sum({f32, {10, 100'001}}, {3}), nullptr) << "chunks are shorter than a row";
  EXPECT_EQ(row_sum({f32, {0, 100}}, {1}), nullptr);
  EXPECT_EQ(row_sum({f32, {10'000, 0}}, {1}), nullptr);
  EXPECT_EQ(row_sum({f32, {}}, {0}), nullptr);
}

}  // namespace
}  // namespace dagrad
