// Gradients where parameters determine shapes.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad {
namespace {

TEST(Gradient, IsNotSummedIfAParameterDeterminesTheShape) {
  const auto sums = [&](const Shape& of_weights, const Shape& of_input) {
    Graph graph;
    const Value w = graph.parameter("w", Tensor::full({f64, of_weights}, 2.0));
    const Value x = graph.input("x", {f64, of_input});
    const Value y = tanh(w * x) + w;
    const std::vector<Value> grads = gradient(sum(square(y)), {w, y});
    std::size_t count = 0;
    for (const Node& node : graph.nodes()) count += node.op().name() == "sum_to_like" ? 1 : 0;
    // Where the input has one element along an axis, the graph is the one that is built for that.
    for (int axis = 0; axis < x.rank(); ++axis) {
      std::vector<std::int64_t> dims(of_input.begin(), of_input.end());
      dims[static_cast<std::size_t>(axis)] = 1;
      const Tensor data = Tensor::full({f64, Shape(dims)}, 0.5);
      const Rewritten narrow = replay(graph, std::vector<Retyped>{{x, data.type()}});
      Graph anew;
      const Value v = anew.parameter("w", w.node().tensor()), u = anew.input("x", data.type());
      const Value z = tanh(v * u) + v;
      const std::vector<Value> expected = gradient(sum(square(z)), {v, z});
      EXPECT_EQ(to_string(narrow.graph), to_string(anew)) << Shape(dims);
      EXPECT_TRUE(same_bits(evaluate(narrow.mapping(grads[0]), {{"x", data}}),
                            evaluate(expected[0], {{"x", data}})));
    }
    return count;
  };
  EXPECT_EQ(sums({3}, {3}), 0U);
  EXPECT_EQ(sums({2, 3}, {2, 3}), 0U);
  EXPECT_EQ(sums({2, 3}, {3}), 0U);
  EXPECT_EQ(sums({0, 3}, {0, 3}), 0U);
  EXPECT_GT(sums({3}, {2, 3}), 0U);     // the input has more axes
  EXPECT_GT(sums({1, 3}, {2, 3}), 0U);  // an axis with one element is repeated
}

std::size_t count_sums(const Graph& graph) {
  const auto nodes = graph.nodes();
  return static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), [](const Node& node) {
    return node.op().name() == "sum_to_like";
  }));
}

/// A loss of an input and parameters of 4 elements each.
using Model = std::function<Value(const Value& x, const std::vector<Value>& w)>;

/// A model with its gradient.
struct Differentiated {
  Differentiated(const Model& model, const Shape& of_input) : x(graph.input("x", {f64, of_input})) {
    Rng rng(1);
    for (const char* name : {"u", "v", "w"})
      parameters.push_back(graph.parameter(name, rng.normal({4})));
    std::vector<Value> xs = parameters;
    xs.push_back(x);
    grads = gradient(model(x, parameters), xs, {.unconnected = Unconnected::zeros});
  }
  Graph graph;
  Value x;
  std::vector<Value> parameters, grads;
};

/// Expects a replay with another shape of the input to be what is built for that shape, and returns
/// the number of sums.
std::size_t sums_of(const Model& model, const Shape& of_input, const std::vector<Shape>& others) {
  const Differentiated built(model, of_input);
  for (const Shape& other : others) {
    const Tensor data = Rng(2).normal(other);
    const Rewritten replayed = replay(built.graph, std::vector<Retyped>{{built.x, data.type()}});
    const Differentiated anew(model, other);
    EXPECT_EQ(to_string(replayed.graph), to_string(anew.graph)) << other;
    for (std::size_t i = 0; i < built.grads.size(); ++i)
      EXPECT_TRUE(same_bits(evaluate(replayed.mapping(built.grads[i]), {{"x", data}}),
                            evaluate(anew.grads[i], {{"x", data}})))
          << other << ", gradient " << i;
  }
  return count_sums(built.graph);
}

TEST(Gradient, IsNotSummedIfAParameterDeterminesAnAxisThatIsKept) {
  const std::vector<Shape> widths{{3, 1}};
  // Of the operands of x * u, u always needs a sum, and x unless it is known to have 4 columns.
  EXPECT_EQ(sums_of([](auto& x, auto& w) { return sum(x * w[0]); }, {3, 4}, widths), 2U);
  const Model rows = [](auto& x, auto& w) {
    const std::vector<Value> row = unstack(x * w[0]);
    return sum(tanh(row[0] * w[1]) * row[2] + row[1] * w[2]);
  };
  EXPECT_EQ(sums_of(rows, {3, 4}, widths), 2U);
  const Model slices = [](auto& x, auto& w) {
    const Value all = x * w[0] + w[1];
    return sum(slice(all, 0, {.end = 1}) * w[2] * slice(tanh(all), 0, {.begin = -1}));
  };
  // Other numbers of rows show that axis 0, of which nothing is known, is still summed over.
  EXPECT_EQ(sums_of(slices, {3, 4}, {{3, 1}, {1, 4}, {7, 4}, {5, 1}}),
            sums_of(slices, {1, 4}, {{3, 1}, {2, 4}}));
  const Model columns = [](auto& x, auto& w) {
    const std::vector<Value> part = split(x * w[0], 2, 1);
    return sum(squeeze(split(x * w[1], 3)[1], 0) * w[2]) + sum(part[0] * part[1]);
  };
  EXPECT_EQ(sums_of(columns, {3, 4}, widths), 6U) << "two of them for halves of the columns";
}

TEST(Gradient, IsSummedWhereACutMayHaveOneElement) {
  const std::vector<Shape> widths{{3, 1}};
  const Model rows = [](auto& x, auto& w) { return sum(unstack(x)[1] * w[0]); };
  EXPECT_EQ(sums_of(rows, {3, 4}, widths), 1U) << "the input may have one column";
  const Model sliced = [](auto& x, auto& w) {
    return sum(slice(x * w[0], 1, {.end = 3}) * slice(w[1], 0, {.end = 3}));
  };
  EXPECT_EQ(sums_of(sliced, {3, 4}, {{3, 1}, {2, 4}}), 4U) << "a sliced axis is not kept";
  const Model transposed = [](auto& x, auto& w) { return sum(transpose(x * w[0]) * x); };
  EXPECT_EQ(sums_of(transposed, {4, 4}, {}), 4U) << "nothing is known of a transpose";
}

}  // namespace
}  // namespace dagrad
