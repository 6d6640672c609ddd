#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/passes/fuse.hpp"

/// Help for tests of what `fuse` joins.
namespace dagrad {

using Names = std::vector<std::string>;

/// The names of the ops that compute something, in the order of their nodes.
inline Names ops_of(const Graph& graph) {
  Names names;
  for (const Node& node : graph.nodes())
    if (node.kind() == NodeKind::op) names.emplace_back(node.op().name());
  return names;
}
inline Names origins_of(const Value& value) {
  Names names;
  for (const Origin& origin : value.node().origins()) names.push_back(origin.node);
  std::sort(names.begin(), names.end());
  return names;
}

inline Tensor counted(const Type& type) {
  std::vector<double> elements(static_cast<std::size_t>(type.elements()));
  for (std::size_t i = 0; i < elements.size(); ++i)
    elements[i] = 0.37 * static_cast<double>(i % 11) - 1.3;
  return Tensor::of(elements).reshaped(type.shape).cast(type.dtype);
}

/// Fuses what the values need, and expects that they keep their bits.
inline PassResult fused(const Graph& graph, const std::vector<Value>& values) {
  Feeds feeds;
  std::vector<Value> kept = values;
  for (const Node& node : graph.nodes()) {
    if (node.kind() != NodeKind::input) continue;
    feeds.emplace_back(node.name(), counted(node.output().type()));
    kept.push_back(node.output());
  }
  PassResult result = fuse(graph, kept);
  const auto before = compile(values, {.passes = {}})(feeds);
  const auto after = compile(result.mapping(values), {.passes = {}})(feeds);
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_TRUE(same_bits(before[i], after[i])) << i << ": " << before[i] << after[i];
  return result;
}

}  // namespace dagrad
