#include "dagrad/pass_changes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "dagrad/dagrad.hpp"
#include "dagrad/passes/fuse.hpp"
#include "dagrad/passes/tile.hpp"
#include "src/pictures/picture.hpp"
#include "tests/pictures/random_picture.hpp"
#include "tests/throws.hpp"

namespace dagrad::test {
namespace {

std::map<std::string, PassChange> by_name(const PassChanges& changes) {
  std::map<std::string, PassChange> all;
  for (const ChangedNode& node : changes.nodes) all[node.node] = node.change;
  return all;
}

const ChangedNode& of(const PassChanges& changes, const std::string& node) {
  const auto at = std::ranges::find(changes.nodes, node, &ChangedNode::node);
  if (at == changes.nodes.end()) throw std::out_of_range("no node " + node);
  return *at;
}

TEST(PassChanges, TellWhatWasMergedAndRemoved) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value a = tanh(x).named("a"), b = tanh(x).named("b");
  const Value y = (a + b).named("y");
  (void)exp(x).named("unneeded");
  const PassResult merged = merge_equal(graph, std::span(&y, 1));
  const PassChanges changes = pass_changes(graph, y, merged.graph, merged.mapping);
  EXPECT_EQ(changes.count(PassChange::merged), 1U);
  EXPECT_EQ(changes.count(PassChange::added), 0U);
  EXPECT_EQ(of(changes, "b").change, PassChange::merged);
  EXPECT_EQ(of(changes, "b").instead, "a");
  EXPECT_EQ(of(changes, "y").change, PassChange::kept);
  EXPECT_FALSE(by_name(changes).contains("unneeded"));
  // y uses a twice; b keeps its operand, and nothing uses it.
  EXPECT_EQ(changes.graph.at("y").node().operands()[1], changes.graph.at("a"));
  EXPECT_TRUE(changes.graph.at("b").node().users().empty());
  EXPECT_EQ(changes.options.fetches[0], changes.graph.at("y"));
  EXPECT_EQ(changes.options.overlay->notes.at("b"), "merged: a");
}

TEST(PassChanges, TellWhatReplacesWhat) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3, 4}});
  const Value p = softmax(x, 1).named("p"), l = log(p).named("l");
  const Value y = sum(l).named("y");
  const auto rules = stabilizing_rules();
  const PassResult better = apply_rules(graph, std::span(&y, 1), rules);
  const PassChanges changes = pass_changes(graph, y, better.graph, better.mapping);
  EXPECT_EQ(of(changes, "p").change, PassChange::removed);
  EXPECT_EQ(changes.count(PassChange::added), 1U) << changes.graph;
  EXPECT_EQ(changes.count(PassChange::removed), 2U) << changes.graph;
  for (const ChangedNode& node : changes.nodes)
    if (node.change == PassChange::added) {
      EXPECT_EQ(changes.graph.at(node.node).node().op().name(), "log_softmax");
      EXPECT_EQ(changes.graph.at("y").node().operands()[0].name(), node.node);
    }
}

TEST(PassChanges, DrawFusedNodesInABox) {
  Graph graph;
  const Value x = graph.input("x", {f64, {100}});
  const Value a = tanh(x).named("a"), b = square(a).named("b"), y = sum(b).named("y");
  const PassResult fused = fuse(graph, std::span(&y, 1));
  const PassChanges changes = pass_changes(graph, y, fused.graph, fused.mapping);
  EXPECT_EQ(of(changes, "a").change, PassChange::fused);
  EXPECT_EQ(of(changes, "b").change, PassChange::fused);
  EXPECT_EQ(changes.count(PassChange::added), 0U) << changes.graph;
  ASSERT_EQ(changes.options.groups.size(), 1U);
  EXPECT_EQ(changes.options.groups[0].nodes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(changes.graph.at("y").node().operands()[0], changes.graph.at("b"));
  const std::string dot = to_dot(changes.graph, changes.options);
  EXPECT_NE(dot.find("label=<fused"), dot.npos) << dot;
  EXPECT_NE(dot.find(">passes<"), dot.npos) << dot;
}

TEST(PassChanges, OfNothingKeepEverything) {
  Graph graph;
  const Value y = sin(graph.input("x", {f64, {}})).named("y");
  const Rewritten same = extract(graph, std::span(&y, 1));
  const PassChanges changes = pass_changes(graph, y, same.graph, same.mapping);
  EXPECT_EQ(changes.count(PassChange::kept), 2U);
  EXPECT_TRUE(changes.options.overlay->amounts.empty());
  Graph other;
  EXPECT_THROWS(pass_changes(other, y, same.graph, same.mapping), GraphError,
                "pass_changes: 'y' belongs to another graph");
}

TEST(PassChanges, AreDeep) {
  Graph graph;
  Value y = graph.input("x", {f64, {}});
  for (int i = 0; i < 20'000; ++i) y = sin(y + 0.0);
  const PassResult simple = apply_rules(graph, std::span(&y, 1), simplifying_rules());
  const PassChanges changes = pass_changes(graph, y, simple.graph, simple.mapping);
  EXPECT_EQ(changes.nodes.size(), graph.size());
}

// Every node that the graph after has is there with its operands, and every node before is there.
TEST(PassChanges, HoldBothGraphsOfRandomOnes) {
  std::size_t merged = 0, fused = 0, removed = 0, added = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    const RandomPicture random = random_picture(seed);
    std::vector<Value> values = random.options.fetches;
    for (const Update& update : random.options.updates) values.push_back(update.next);
    std::vector<Pass> passes = default_passes();
    passes.push_back({"fuse", fuse, true});
    if (seed % 2 == 0) passes.push_back({"tile_rows", tile_rows, true});
    const Optimized better = optimize(random.graph, values, passes);
    const PassChanges changes = pass_changes(random.graph, values, better.graph, better.mapping);
    ASSERT_EQ(changes.nodes.size(), changes.graph.size());
    ASSERT_EQ(changes.options.fetches.size(), values.size()) << seed;
    const PassResult needed = drop_dead(random.graph, values);
    std::size_t lost = 0;
    for (const ChangedNode& node : changes.nodes)
      lost += node.change != PassChange::kept && node.change != PassChange::added ? 1 : 0;
    EXPECT_EQ(changes.count(PassChange::kept) + lost, needed.graph.size()) << seed;
    merged += changes.count(PassChange::merged);
    fused += changes.count(PassChange::fused);
    removed += changes.count(PassChange::removed);
    added += changes.count(PassChange::added);
    // The values that the graph computes are those of the graph before.
    const detail::Picture picture = detail::picture_of(changes.graph, changes.options);
    EXPECT_FALSE(picture.nodes.empty());
  }
  EXPECT_GT(merged, 100U);
  EXPECT_GT(fused, 100U);
  EXPECT_GT(removed, 100U);
  EXPECT_GT(added, 100U);
}

}  // namespace
}  // namespace dagrad::test
