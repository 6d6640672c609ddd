#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/graph.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/random.hpp"
#include "dagrad/rewrite.hpp"

/// Checks that a graph replayed with other types equals the graph built for these types.
namespace dagrad::test {

using Build = std::function<std::vector<Value>(std::span<const Value>)>;

/// A graph with results, gradients of the float operands, and gradients of these. Each cotangent is
/// an input.
class Model {
 public:
  /// Takes gradients of the operands after the first `cut`.
  Model(std::span<const Type> types, const Build& build, bool differentiable, std::size_t cut = 0) {
    std::vector<Value> operands;
    for (const Type& type : types) operands.push_back(input("x", type));
    std::vector<Value> xs;
    for (std::size_t i = cut; i < operands.size(); ++i)
      if (is_float(operands[i].dtype())) xs.push_back(operands[i]);
    values = build(operands);
    if (!differentiable || xs.empty()) return;
    std::vector<Value> ys = values;
    for (int order = 1; order <= 2; ++order) {
      std::vector<Seeded> seeded;
      for (const Value& y : ys)
        if (is_float(y.dtype())) seeded.push_back({y, input("dout", y.type())});
      if (seeded.empty()) return;
      ys = gradient(seeded, xs, {.unconnected = Unconnected::zeros});
      values.insert(values.end(), ys.begin(), ys.end());
      for (const Seeded& y : seeded) xs.push_back(y.seed);
    }
  }

  Graph graph;
  std::vector<Value> values;

 private:
  Value input(const std::string& name, const Type& type) {
    return graph.input(name + std::to_string(graph.inputs().size()), type);
  }
};

inline std::vector<Retyped> types_of(const Model& model, const Model& other) {
  const std::vector<Value> from = model.graph.inputs(), to = other.graph.inputs();
  std::vector<Retyped> types;
  for (std::size_t i = 0; i < from.size(); ++i) types.push_back({from[i], to[i].type()});
  return types;
}

inline Feeds feeds_of(const Graph& graph, std::span<const Tensor> given) {
  Feeds feeds;
  Rng rng(3);
  for (const Value& x : graph.inputs())
    feeds.push_back({x.name(), feeds.size() < given.size()
                                   ? given[feeds.size()]
                                   : rng.uniform(x.shape(), 0.5, 2, x.dtype())});
  return feeds;
}

/// The results of a run; empty if the operands are outside the op's domain.
inline std::vector<Tensor> run(const Graph& graph, std::vector<Value> values, const Feeds& feeds) {
  // Uses all inputs, so that all feeds are accepted.
  for (const Value& x : graph.inputs()) values.push_back(x);
  try {
    return compile(values, {.threads = 1})(feeds);
  } catch (const RunError&) {
    return {};
  }
}

inline void expect_same_values(const Rewritten& replayed, const Model& model, const Model& anew,
                               std::span<const Tensor> in, const std::string& what) {
  const Feeds feeds = feeds_of(anew.graph, in);
  const auto is = run(replayed.graph, replayed.mapping(model.values), feeds),
             wanted = run(anew.graph, anew.values, feeds);
  ASSERT_EQ(is.size(), wanted.size()) << what;
  for (std::size_t i = 0; i < is.size(); ++i)
    EXPECT_TENSOR_SAME(is[i], wanted[i]) << what << ", value " << i;
}

}  // namespace dagrad::test
