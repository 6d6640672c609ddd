// Elementwise nodes that read slices and padded values where they lie.

#include "dagrad/passes/windows.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "src/passes/window_boxes.hpp"
#include "tests/sanitized.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

constexpr std::int64_t n = 9000;  // 72 kB

/// The ops of the nodes that the pass makes, in alphabetical order.
std::string ops_after(const Graph& graph, const std::vector<Value>& values) {
  const PassResult made = read_windows(graph, values);
  std::vector<std::string> names;
  for (const Node& node : made.graph.nodes())
    if (node.kind() == NodeKind::op) names.emplace_back(node.op().name());
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

/// Expects the same bits as without passes, on any number of threads, with this pass alone and with
/// those before it.
void expect_same_bits(const std::vector<Value>& values, const Feeds& feeds) {
  const std::vector<Tensor> wanted = compile(values, {.threads = 1, .passes = {}})(feeds);
  const Pass windows("read_windows", read_windows, true), fusing("fuse", fuse, true);
  for (const int threads : {1, 3}) {
    Runtime runtime({.threads = threads});
    for (const std::vector<Pass>& passes : {std::vector{windows}, std::vector{fusing, windows}}) {
      const auto got = compile(values, {.runtime = &runtime, .passes = passes})(feeds);
      for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_TENSOR_SAME(got[i], wanted[i]);
    }
  }
}

class ReadWindows : public ::testing::Test {
 protected:
  Graph graph;
  Value x = graph.input("x", {f64, {n}}), y = graph.input("y", {f64, {n}});
  Feeds feeds{{x, Rng(1).normal({n})}, {y, Rng(2).normal({n})}};
  Value head(const Value& of, std::int64_t less = 1) { return of[{{0, of.size() - less}}]; }
  Value tail(const Value& of, std::int64_t less = 1) { return of[{{less, of.size()}}]; }
};

TEST_F(ReadWindows, ShowSlices) {
  const Value steps = tail(x) - head(x);
  EXPECT_EQ(ops_after(graph, {steps}), "windowed");
  expect_same_bits({steps}, feeds);
  const Value bend = tail(x, 2) - 2 * tail(head(x)) + head(x, 2);
  EXPECT_EQ(ops_after(graph, {bend}), "windowed windowed windowed");
  expect_same_bits({bend}, feeds);
}

TEST_F(ReadWindows, ShowZerosAround) {
  const Value sums = x + pad(head(y), {1}, {0}) * pad(tail(y), {0}, {1});
  EXPECT_EQ(ops_after(graph, {sums}), "add windowed");
  expect_same_bits({sums}, feeds);
  const Value slopes = gradient(sum(square(tail(x) - head(x))), x);
  expect_same_bits({slopes}, feeds);
  const Value wide = pad(x, {7}, {2}) + exp(pad(y, {0}, {9}));
  expect_same_bits({wide}, feeds);
}

TEST_F(ReadWindows, MayShowZerosOnly) {
  const Value apart = pad(x[{{0, 5000}}], {0}, {n}) + pad(x[{{0, 5000}}], {n}, {0});
  EXPECT_EQ(ops_after(graph, {apart}), "windowed");
  expect_same_bits({apart}, feeds);
  const Value gone = pad(x, {n}, {0})[{{0, n}}] + y;
  EXPECT_EQ(ops_after(graph, {gone}), "windowed");
  expect_same_bits({gone}, feeds);
}

TEST_F(ReadWindows, OfSeveralAxes) {
  const Value m = graph.input("m", {f32, {130, 200}});
  const Feeds grid{{m, Rng(3).normal({130, 200}, 0, 1, f32)}};
  const auto at = [&](std::int64_t row, std::int64_t column) {
    return m[{{1 + row, 129 + row}, {1 + column, 199 + column}}];
  };
  const Value laplace = at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1) - 4 * at(0, 0);
  const Value back = gradient(sum(square(laplace)), m);
  expect_same_bits({laplace, back}, grid);
  expect_same_bits({m + pad(at(0, 0), {1, 1}, {1, 1})}, grid);
  expect_same_bits({m + pad(m[{{}, {0, 199}}], {0, 1}, {0, 0})}, grid);
}

TEST_F(ReadWindows, Broadcast) {
  const Value rows = graph.input("rows", {f64, {3, n}});
  const Value column = graph.input("column", {f64, {3, 1}});
  feeds.insert(feeds.end(), {{rows, Rng(4).normal({3, n})}, {column, Rng(5).normal({3, 1})}});
  const Value shifted = rows[{{}, {0, n - 1}}] * tail(x) + column;
  EXPECT_EQ(ops_after(graph, {shifted}), "add windowed");
  expect_same_bits({shifted}, feeds);
  expect_same_bits({rows + pad(tail(x), {1}, {0})}, feeds);
}

TEST_F(ReadWindows, KeepWhatOthersNeed) {
  const Value last = tail(x), steps = last - head(x);
  EXPECT_EQ(ops_after(graph, {steps, last}), "slice windowed");
  expect_same_bits({steps, last}, feeds);
  EXPECT_EQ(ops_after(graph, {steps, sum(last)}), "slice sum windowed");
  expect_same_bits({steps, sum(last)}, feeds);
  const Value again = exp(last) + 1.0, third = last * 3.0;
  EXPECT_EQ(ops_after(graph, {steps, again, third}), "add windowed windowed windowed");
  expect_same_bits({steps, again, third}, feeds);
}

TEST_F(ReadWindows, LeaveTheRestAlone) {
  const auto unchanged = [&](const Value& value) {
    return ops_after(graph, {value}).find("windowed") == std::string::npos;
  };
  EXPECT_TRUE(unchanged(x[{{0, 100}}] + 1.0)) << "a small slice";
  EXPECT_TRUE(unchanged(slice(x, 0, {.step = -1}) + y)) << "steps other than 1";
  EXPECT_TRUE(unchanged(pad(x, {1}, {1}, 2) + 1.0)) << "padded with another number";
  EXPECT_TRUE(unchanged(pad(x, {1}, {1}, -0.0) + 1.0)) << "padded with -0";
  EXPECT_TRUE(unchanged(sum(tail(x)))) << "not elementwise";
  const Value thin = graph.input("thin", {f64, {n, 4}});
  EXPECT_TRUE(unchanged(thin[{{}, {0, 3}}] + 1.0)) << "short rows";
  EXPECT_FALSE(unchanged(thin[{{1, n}}] + 1.0)) << "the same, whole rows";
}

TEST_F(ReadWindows, CheckTheirOperands) {
  const std::vector<detail::Window> windows(1, detail::Window({n}));
  Recorder recorder;
  const Symbol in = recorder.input(f64);
  const Windowed op{std::move(recorder).finish(std::vector{in}, f64),
                    std::make_shared<const std::vector<detail::Window>>(windows)};
  EXPECT_THROWS(op.infer(std::vector{Type{f64, {5}}}), ShapeError,
                "operand 0 must be float64[9000], got float64[5]");
  EXPECT_THROWS(op.infer(std::vector{Type{f32, {n}}}), TypeError,
                "operand 0 must be float64[9000], got float32[9000]");
}

/// A chain of slices and pads that ends with a shape.
class RandomWindows {
 public:
  RandomWindows(Graph& graph, unsigned seed) : graph_(graph), random_(seed) {}

  /// A value of the shape [a, b] that is seen through up to four slices and pads.
  Value seen(std::int64_t a, std::int64_t b) {
    std::vector<std::int64_t> size{a, b};
    struct Move {
      int axis;
      bool pads;
      std::int64_t before, after;
    };
    std::vector<Move> moves;
    for (std::int64_t left = draw(5); left > 0; --left) {
      const Move move{static_cast<int>(draw(2)), draw(2) == 0, draw(4), draw(4)};
      std::int64_t& along = size[static_cast<std::size_t>(move.axis)];
      if (move.pads && along <= move.before + move.after) continue;
      moves.push_back(move);
      along += (move.pads ? -1 : 1) * (move.before + move.after);
    }
    Value value =
        graph_.constant(Rng(static_cast<std::int64_t>(random_())).normal({size[0], size[1]}));
    for (auto move = moves.rbegin(); move != moves.rend(); ++move) {
      std::vector<std::int64_t> before(2), after(2);
      before[static_cast<std::size_t>(move->axis)] = move->before;
      after[static_cast<std::size_t>(move->axis)] = move->after;
      value = move->pads ? pad(value, before, after)
                         : slice(value, move->axis,
                                 {move->before, value.shape()[move->axis] - move->after});
    }
    return value;
  }

 private:
  std::int64_t draw(unsigned most) { return static_cast<std::int64_t>(random_() % most); }
  Graph& graph_;
  std::mt19937 random_;
};

TEST(RandomWindows, HaveTheSameBits) {
  std::size_t windowed = 0;
  for (std::int64_t seed = 0; seed < (sanitized ? 30 : 300); ++seed) {
    Graph graph;
    RandomWindows windows(graph, static_cast<unsigned>(seed));
    const std::int64_t rows = 2 + seed % 5, columns = 3000 + seed;
    const Value a = windows.seen(rows, columns), b = windows.seen(rows, columns);
    const std::vector<Value> values{a * b - tanh(windows.seen(rows, columns)),
                                    b + windows.seen(1, columns), a - windows.seen(rows, 1)};
    SCOPED_TRACE(seed);
    if (ops_after(graph, values).find("windowed") != std::string::npos) ++windowed;
    expect_same_bits(values, {});
  }
  EXPECT_GT(windowed, sanitized ? 20u : 200u);
}

}  // namespace
}  // namespace dagrad
