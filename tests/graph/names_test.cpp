#include <gtest/gtest.h>

#include "tests/graph/test_ops.hpp"

namespace {

using namespace test;

TEST(Names, ReadWellWithoutHelp) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  EXPECT_EQ(plus(x, x).name(), "plus");
  EXPECT_EQ(plus(x, x).name(), "plus_1");
  EXPECT_EQ(times(x, x).name(), "times");
  EXPECT_EQ(plus(x, x).name(), "plus_2");
}

TEST(Names, SecondResultsCarryTheirPort) {
  Graph graph;
  const auto [a, b] = halve(graph.input("x", {f64, {5}}));
  EXPECT_EQ(a.name(), "halve");
  EXPECT_EQ(b.name(), "halve:1");
  EXPECT_EQ(graph.at("halve:1"), b);
  EXPECT_FALSE(graph.find("halve:2"));
  EXPECT_FALSE(graph.find("halve:" + std::string(40, '1')));
}

TEST(Names, ScopesNestAndClose) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  Value inner;
  {
    const Scope encoder = graph.scope("encoder");
    EXPECT_EQ(graph.parameter("w", Tensor(1.0)).name(), "encoder/w");
    {
      const Scope zero = graph.scope("0");
      inner = plus(x, x);
      EXPECT_EQ(inner.name(), "encoder/0/plus");
      EXPECT_EQ(plus(x, x).named("sum").name(), "encoder/0/sum");
    }
    EXPECT_EQ(times(x, x).name(), "encoder/times");
  }
  EXPECT_EQ(times(x, x).name(), "times_1");
  EXPECT_EQ(inner.node().scope(), "encoder/0");
  EXPECT_EQ(graph.at("encoder/0/plus"), inner);
  EXPECT_FALSE(graph.find("plus"));
  EXPECT_FALSE(graph.find("encoder/plus"));
}

TEST(Names, MovedScopeClosesOnce) {
  Graph graph;
  {
    Scope outer = graph.scope("a");
    const Scope moved = std::move(outer);
    EXPECT_EQ(graph.parameter("w", Tensor(1.0)).name(), "a/w");
  }
  EXPECT_EQ(graph.parameter("w", Tensor(1.0)).name(), "w");
}

TEST(Names, UsersNamesTakePrecedenceOverAutomaticOnes) {
  Graph graph;
  const Value x = graph.input("plus_1", {f64, {}});  // before there is any plus
  EXPECT_EQ(plus(x, x).name(), "plus");
  EXPECT_EQ(plus(x, x).name(), "plus_2");
  EXPECT_EQ(graph.at("plus_1"), x);
  const Value y = graph.input("plus_3", {f64, {}});  // after
  EXPECT_EQ(plus(x, y).name(), "plus_4");
}

TEST(Names, RenamingFreesTheOldName) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = plus(x, x).named("first");
  EXPECT_EQ(y.named("second").name(), "second");
  EXPECT_FALSE(graph.find("first"));
  EXPECT_EQ(graph.input("first", {f64, {}}).name(), "first");
  EXPECT_EQ(y.named("second").name(), "second");  // the name it has
}

TEST(Names, TakenNamesAreRefused) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  plus(x, x);
  EXPECT_EQ(message<GraphError>([&] { graph.parameter("x", Tensor(1.0)); }),
            "the name \"x\" is taken by node 0 (input)");
  EXPECT_EQ(message<GraphError>([&] {
              graph.input("plus", {f64, {}});
            }),
            "the name \"plus\" is taken by node 1 (plus)");
  EXPECT_EQ(graph.size(), 2U);  // the failed leaves left nothing
  EXPECT_EQ(message<GraphError>([&] { times(x, x).named("x"); }),
            "the name \"x\" is taken by node 0 (input)");
}

TEST(Names, StrangeNamesAreRefused) {
  Graph graph;
  const auto refused = [&](std::string_view name) {
    return message<ArgumentError>([&] { graph.input(name, {f64, {}}); });
  };
  EXPECT_EQ(refused(""), "bad name \"\" for a node: it is empty");
  EXPECT_EQ(refused("a b"),
            "bad name \"a b\" for a node: it holds white space or control characters");
  EXPECT_EQ(refused("/a"), "bad name \"/a\" for a node: a '/' separates two words");
  EXPECT_EQ(refused("a//b"), "bad name \"a//b\" for a node: a '/' separates two words");
  EXPECT_EQ(refused("a:0"),
            "bad name \"a:0\" for a node: only letters, digits and _ . - + ' / may stand in it");
  EXPECT_EQ(message<ArgumentError>([&] { (void)graph.scope("a\n"); }),
            "bad name \"a\n\" for a scope: it holds white space or control characters");
  EXPECT_EQ(graph.size(), 0U);
  EXPECT_EQ(graph.input("größe.1-β'", {f64, {}}).name(), "größe.1-β'");
}

TEST(Names, MissingOnesSuggestSimilarOnes) {
  Graph graph;
  graph.input("hidden", {f64, {}});
  graph.input("output", {f64, {}});
  EXPECT_EQ(message<GraphError>([&] { graph.at("hiden"); }),
            "there is no value \"hiden\" in the graph; similar names: hidden");
  EXPECT_EQ(message<GraphError>([&] { graph.at("q"); }), "there is no value \"q\" in the graph");
}

}  // namespace
