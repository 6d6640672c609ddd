// Random graphs of row-wise ops, computed in tiles and node by node.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/passes/tile.hpp"
#include "tests/sanitized.hpp"

namespace dagrad {
namespace {

/// A user's op.
struct Custom {
  static constexpr auto name = "custom";
  template <class T>
  T operator()(T a, T b) const {
    return select(a > b, a - 0.5 * b, b / (2 + a * a));
  }
};

/// Appends random ops to values [rows, columns].
class RandomRows {
 public:
  RandomRows(Graph& graph, std::mt19937& random, DType dtype, std::int64_t rows,
             std::int64_t columns)
      : random_(random), rows_(rows), columns_(columns) {
    values_ = {graph.input("x", {dtype, {rows, columns}}),
               graph.input("y", {dtype, {rows, columns}})};
    row_ = graph.input("row", {dtype, {columns}});
    weights_ = graph.parameter("weights", Rng(1).normal({columns, columns}, 0, 0.1, dtype));
  }

  const std::vector<Value>& values() const { return values_; }
  void grow() { values_.push_back(next()); }
  Value any() { return values_[up_to(values_.size())]; }
  std::size_t up_to(std::size_t n) { return random_() % n; }

 private:
  Value next() {
    const Value a = any(), b = any();
    switch (up_to(16)) {
      case 0:
        return tanh(a);
      case 1:
        return sin(a) * 0.5;
      case 2:
        return a + b;
      case 3:
        return a * b * 0.25;
      case 4:
        return a * row_ + 1;
      case 5:
        return a - mean(b, 1, true);
      case 6:
        return a / (1 + norm(a, 2, 1, true));
      case 7:
        return a - unsqueeze(logsumexp(b, 1), {1});
      case 8:
        return softmax(a);
      case 9:
        return where(a > max(b, 1, true) - 1, a, b);
      case 10:
        return tanh(matmul(a, weights_));
      case 11:
        return concat({slice(a, 1, {1, columns_}), sum(b, 1, true)}, 1);
      case 12: {
        const Value blocks = reshape(a, {rows_, 2, columns_ / 2});
        return reshape(blocks * variance(blocks, 1, true), {rows_, columns_});
      }
      case 13:
        return a + sum(tanh(b), 0) * 1e-3;  // all rows enter each of them
      case 14:
        return apply(Custom{}, {a, b});
      default:
        return log_softmax(a) * 0.1;
    }
  }

  std::mt19937& random_;
  std::int64_t rows_, columns_;
  std::vector<Value> values_;
  Value row_, weights_;
};

std::size_t tiled_nodes(const Graph& graph) {
  std::size_t count = 0;
  for (const Node& node : graph.nodes())
    if (node.op().get_if<Tiled>() != nullptr) ++count;
  return count;
}

TEST(TileRows, KeepsTheBitsOfRandomGraphs) {
  const std::vector<Pass> tiling{{"tile_rows", tile_rows, true}},
      all{{"fuse", fuse, true}, {"fuse_sums", fuse_sums, true}, {"tile_rows", tile_rows, true}};
  std::size_t groups = 0;
  for (unsigned seed = 0; seed < (sanitized ? 6 : 60); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const DType dtype = seed % 2 == 0 ? f64 : f32;
    const std::int64_t columns = 2 * (1 + static_cast<std::int64_t>(random() % 60));
    const std::int64_t elements = seed % 3 == 1 ? 600'000 : 150'000;  // enough for sums over rows
    const std::int64_t rows = elements / columns + static_cast<std::int64_t>(random() % 7);
    Graph graph;
    RandomRows expression(graph, random, dtype, rows, columns);
    for (int i = 0; i < 12; ++i) expression.grow();
    std::vector<Value> fetches{expression.values().back(), expression.any(),
                               sum(expression.any(), 1), sum(expression.any(), 0),
                               mean(square(expression.any()))};
    if (seed % 3 == 0)
      fetches.push_back(gradient(sum(expression.values().back()), expression.values()[0],
                                 {.unconnected = Unconnected::zeros}));
    Rng rng(seed);
    const Feeds feeds{{"x", rng.normal({rows, columns}, 0, 1, dtype)},
                      {"y", rng.normal({rows, columns}, 0, 1, dtype)},
                      {"row", rng.normal({columns}, 0, 1, dtype)}};
    const std::vector<Tensor> wanted = compile(fetches, {.passes = {}})(feeds);
    Runtime runtime({.threads = 1 + static_cast<int>(seed % 3)});
    for (const auto& passes : {tiling, all}) {
      const std::vector<Tensor> got =
          compile(fetches, {.runtime = &runtime, .passes = passes})(feeds);
      for (std::size_t i = 0; i < got.size(); ++i) ASSERT_TENSOR_SAME(got[i], wanted[i]) << graph;
    }
    groups += tiled_nodes(tile_rows(graph, fetches).graph);
  }
  EXPECT_GT(groups, sanitized ? 5u : 60u);
}

}  // namespace
}  // namespace dagrad
