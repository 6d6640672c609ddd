// Takes of computed elements, which become computations of taken elements.

#include "dagrad/passes/take.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/sanitized.hpp"

namespace dagrad {
namespace {

constexpr std::int64_t n = 40'000;  // so that two rows or more leave the cache

/// The ops that compute the value after the pass, in alphabetical order.
std::string ops_after(const Graph& graph, const std::vector<Value>& values) {
  const PassResult made = take_early(graph, values);
  const PassResult left = drop_dead(made.graph, made.mapping(values));
  std::vector<std::string> names;
  for (const Node& node : left.graph.nodes())
    if (node.kind() == NodeKind::op && node.op().name() != "reshape")
      names.emplace_back(node.op().name());
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

/// Whether the first value is still a take after the pass.
bool stays(const Graph& graph, const std::vector<Value>& values) {
  const PassResult made = take_early(graph, values);
  return made_by<Take>(made.mapping(values[0])) != nullptr;
}

/// Expects the same bits as without passes, on any number of threads, with this pass alone and with
/// all.
void expect_same_bits(const std::vector<Value>& values, const Feeds& feeds) {
  const std::vector<Tensor> wanted = compile(values, {.threads = 1, .passes = {}})(feeds);
  const Pass early("take_early", take_early);
  for (const int threads : {1, 3}) {
    Runtime runtime({.threads = threads});
    for (const std::vector<Pass>& passes : {std::vector{early}, compile_passes()}) {
      const auto got = compile(values, {.runtime = &runtime, .passes = passes})(feeds);
      for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_TENSOR_SAME(got[i], wanted[i]);
    }
  }
}

class TakeEarly : public ::testing::Test {
 protected:
  /// Elements of all of a value, whatever its shape, by constant indices from -size on.
  Value taken(const Value& of, std::int64_t count = 3 * n, DType dtype = i32) {
    std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
    std::mt19937 random(7);
    for (std::int64_t& index : indices)
      index =
          static_cast<std::int64_t>(random() % static_cast<unsigned>(2 * of.size())) - of.size();
    return take(reshape(of, {-1}), graph.constant(Tensor::of(indices).cast(dtype)), 0);
  }
  Value vector_of(std::int64_t size, unsigned seed) {
    return graph.constant(Rng(static_cast<std::int64_t>(seed)).normal({size}));
  }

  Graph graph;
  Value x = graph.input("x", {f64, {n}}), y = graph.input("y", {f64, {n}});
  Value column = graph.constant(Tensor::of({1.0, -2.0, 0.5}).reshaped({3, 1}));
  Feeds feeds{{x, Rng(1).normal({n})}, {y, Rng(2).normal({n})}};
};

TEST_F(TakeEarly, ComputesTakenElements) {
  for (const DType dtype : {i32, i64}) {
    const Value products = taken(x * column + 1.0, 3 * n, dtype);
    EXPECT_EQ(ops_after(graph, {products}), "add mul take");
    expect_same_bits({products}, feeds);
  }
  const Value both = taken(x * column - sin(y * column));
  EXPECT_EQ(ops_after(graph, {both}), "mul mul sin sub take take");
  expect_same_bits({both}, feeds);
}

TEST_F(TakeEarly, GoesThroughWhatMovesElements) {
  const Value rows = column * x;  // [3, n]
  const Value turned = transpose(rows);
  const Value sliced = turned[{{.begin = -2, .step = -1}, {1, 3}}];
  EXPECT_EQ(ops_after(graph, {taken(sliced)}), "mul take");
  expect_same_bits({taken(sliced)}, feeds);
  expect_same_bits({taken(turned)}, feeds);
  for (const Shape& shape : {Shape{1, 3, 1, n}, Shape{n / 2, 6}, Shape{3 * n, 1}}) {
    const Value same = taken(reshape(rows, shape));
    EXPECT_EQ(ops_after(graph, {same}), "mul take");
    expect_same_bits({same}, feeds);
  }
  expect_same_bits({taken(squeeze(reshape(rows, {1, 3, 1, n}), {0}))}, feeds);
  const Value repeated = broadcast_to(x, {3, n}) * column;
  EXPECT_EQ(ops_after(graph, {taken(repeated)}), "mul take");
  expect_same_bits({taken(repeated)}, feeds);
}

TEST_F(TakeEarly, KeepsZerosAround) {
  const Value padded = pad(x * column, {1, 5}, {0, 2}) * 2.0;
  EXPECT_EQ(ops_after(graph, {taken(padded)}), "mul mul take where");
  const Value back = gradient(sum(square(pad(x[{{3, n}}], {1}, {2}))), x) * column;
  feeds[0] = {x, Tensor::full({f64, {n}}, std::numeric_limits<double>::quiet_NaN())};
  expect_same_bits({taken(padded), taken(back), taken(pad(column * x, {0, 90000}, {0, 0}))}, feeds);
  const Value known = pad(vector_of(n, 3), {0}, {n}) + column;
  EXPECT_EQ(ops_after(graph, {taken(known)}), "") << "all of it is constant";
  expect_same_bits({taken(known)}, feeds);
}

TEST_F(TakeEarly, ComputesNarrowConstantsAtOnce) {
  std::vector<std::int64_t> colors(n);
  for (std::size_t i = 0; i < colors.size(); ++i) colors[i] = static_cast<std::int64_t>(i % 3);
  const Value own = graph.constant(Tensor::of(colors));
  const Value seeds =
      equal(graph.constant(Tensor({3, 1}, std::vector<std::int64_t>{0, 1, 2})), own);
  const Value products =
      taken(cast(seeds, f64) * x - pad(cast(seeds, f64), {0, 1}, {0, 0})[{{}, {0, n}}]);
  EXPECT_EQ(ops_after(graph, {products}).find("equal"), std::string::npos);
  expect_same_bits({products}, feeds);
}

TEST_F(TakeEarly, LeavesTheRestAlone) {
  const Value rows = column * x;
  EXPECT_FALSE(stays(graph, {taken(rows)}));
  EXPECT_TRUE(stays(graph, {taken(rows), rows})) << "something else needs the products";
  EXPECT_TRUE(stays(graph, {taken(rows), sum(rows)}));
  EXPECT_TRUE(stays(graph, {taken(rows[{{0, 1}, {}}], n)})) << "a small vector";
  EXPECT_TRUE(stays(graph, {taken(rows, 7 * n)})) << "more elements than there are products";
  const Value indices = graph.input("indices", {i32, {3 * n}});
  EXPECT_TRUE(stays(graph, {take(reshape(rows, {-1}), indices, 0)})) << "indices from outside";
  EXPECT_TRUE(stays(graph, {taken(x)})) << "nothing is computed";
  const Value z = graph.input("z", {f64, {n}});
  EXPECT_TRUE(stays(graph, {taken(rows * y + z * column)})) << "three sources";
  EXPECT_TRUE(stays(graph, {taken(rows + vector_of(n, 1))})) << "as many constants as products";
  EXPECT_EQ(ops_after(graph, {taken(exp(x) * column)}), "exp mul take")
      << "functions are not computed more often than before";
}

TEST_F(TakeEarly, AcceptsSingleElementsAndConstants) {
  const Value s = graph.input("s", {f64, {1, 1}});
  feeds.emplace_back(s, Tensor::full({f64, {1, 1}}, 3.0));
  const Value scaled = taken(s * column * zeros_like(x) + x), same = taken(broadcast_to(s, {3, n}));
  expect_same_bits({scaled, same, taken(ones_like(x) * column)}, feeds);
}

TEST_F(TakeEarly, IsPartOfCompressedJacobians) {
  constexpr std::int64_t size = 50'000;
  const Value z = graph.input("z", {f64, {size}});
  const Value residual =
      (3 - 2 * z) * z - pad(z[{{0, size - 1}}], {1}, {0}) - 2 * pad(z[{{1, size}}], {0}, {1}) + 1;
  const Value values = sparse_jacobian(residual, z).values;
  std::vector<Pass> passes = default_passes();
  passes.emplace_back("take_early", take_early);
  passes.emplace_back("fuse", fuse, true);
  passes.emplace_back("tile_rows", tile_rows, true);
  const PlanExplanation plan = explain_plan(compile(values, {.passes = passes}));
  ASSERT_EQ(plan.steps.size(), 1u);
  EXPECT_EQ(plan.steps[0].op, "tiled");
  const Feeds at{{z, Rng(4).normal({size})}};
  expect_same_bits({values}, at);
  const Tensor x0 = at[0].tensor, got = compile(values)(at)[0];
  EXPECT_EQ(got.at(0), 3 - 4 * x0.at(0));
  EXPECT_EQ(got.at(1), -2);
  EXPECT_EQ(got.at(2), -1);
  EXPECT_EQ(got.at(3), 3 - 4 * x0.at(1));
  EXPECT_EQ(got.at(got.size() - 1), 3 - 4 * x0.at(size - 1));
}

/// A random chain of nodes that compute and move elements.
Value random_chain(const Value& x, const Value& constant, std::mt19937& random) {
  const auto draw = [&](unsigned most) { return static_cast<std::int64_t>(random() % most); };
  Value value = reshape(x, {10, -1}) * reshape(constant, {10, -1});
  for (std::int64_t left = 1 + draw(8); left > 0; --left) {
    const Shape shape = value.shape();
    const std::int64_t at = draw(4), rows = shape[0], columns = shape[1];
    switch (draw(7)) {
      case 0:
        value = value * 0.5 + 1.0;
        break;
      case 1:
        value = pad(value, {at, draw(3)}, {draw(3), 2});
        break;
      case 2:
        value = rows > 8 ? value[{{at, rows - draw(3)}, {}}] : value;
        break;
      case 3:
        value = columns > 8 ? slice(value, 1, {.begin = at, .step = 1 + draw(2)}) : value;
        break;
      case 4:
        value = transpose(value);
        break;
      case 5:
        value = reshape(value, {columns, rows});
        break;
      default:
        value = value - value[{{0, 1}, {}}];
    }
  }
  return value;
}

TEST(TakeEarlyOfChains, HasTheSameBits) {
  std::size_t changed = 0;
  const unsigned rounds = sanitized ? 10 : 100;
  for (unsigned seed = 0; seed < rounds; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Graph graph;
    const Value x = graph.input("x", {f64, {70'000}});
    const Value constant = graph.constant(Rng(static_cast<std::int64_t>(seed)).normal({70'000}));
    const Value chain = random_chain(x, constant, random);
    std::vector<std::int64_t> indices(40'000);
    for (std::int64_t& index : indices)
      index = static_cast<std::int64_t>(random() % static_cast<unsigned>(chain.size()));
    const Value elements = take(reshape(tanh(chain), {-1}), graph.constant(Tensor::of(indices)), 0);
    if (!stays(graph, {elements})) ++changed;
    expect_same_bits({elements}, {{x, Rng(5).normal({70'000})}});
  }
  EXPECT_GT(changed, rounds / 8);
}

}  // namespace
}  // namespace dagrad
