// Gradients where parameters determine shapes.

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace dagrad
