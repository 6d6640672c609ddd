#include <gtest/gtest.h>

#include <optional>
#include <sstream>

#include "tests/graph/test_ops.hpp"
#include "tests/throws.hpp"

namespace {

using namespace test;

TEST(Graph, KnowsTypesWhenANodeIsMade) {
  Graph graph;
  const Value x = graph.input("x", {f32, {4, 1}});
  const Value b = graph.parameter("b", Tensor(Type{f32, {3}}));
  EXPECT_EQ(plus(x, b).type(), (Type{f32, {4, 3}}));
  EXPECT_EQ(plus(x, 1).type(), (Type{f32, {4, 1}}));
}

TEST(Graph, PromotesDtypes) {
  Graph graph;
  const Value i = graph.input("i", {i32, {}}), l = graph.input("l", {i64, {}}),
              f = graph.input("f", {f32, {}});
  EXPECT_EQ(plus(i, l).dtype(), i64);
  EXPECT_EQ(plus(l, f).dtype(), f32);
  EXPECT_EQ(plus(i, 3).dtype(), i32);
}

TEST(Graph, PlainNumbersShareAConstant) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), y = graph.input("y", {f32, {}});
  times(x, 1.5);
  times(1.5, x);
  EXPECT_EQ(graph.size(), 5U);
  times(y, 1.5);  // another dtype, another constant
  EXPECT_EQ(graph.size(), 7U);
  times(x, -0.0);
  times(x, 0.0);  // another sign, another constant
  EXPECT_EQ(graph.size(), 11U);
}

TEST(Graph, ErrorsNameOpAndPlace) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), y = graph.input("y", {f64, {3}}),
              f = graph.input("f", {f32, {}});
  const int line = __LINE__ + 1;
  const std::string text = message<ShapeError>([&] { plus(x, y); });
  EXPECT_TRUE(text.starts_with("plus: ")) << text;
  EXPECT_NE(text.find("[2]"), text.npos) << text;
  EXPECT_NE(text.find("[3]"), text.npos) << text;
  EXPECT_NE(text.find("graph_test.cpp:" + std::to_string(line)), text.npos) << text;
  const Scope scope = graph.scope("encoder");
  const std::string types = message<TypeError>([&] { plus(x, f); });
  EXPECT_NE(types.find("cast"), types.npos) << types;
  EXPECT_NE(types.find("in scope 'encoder'"), types.npos) << types;
  EXPECT_EQ(graph.size(), 3U);
}

TEST(Graph, OperandsRecordTheUsersLine) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const int line = __LINE__;
  const Value y = plus(x, 1);
  EXPECT_EQ(x.node().where().line, line - 1);
  EXPECT_EQ(y.node().where().line, line + 1);
  EXPECT_TRUE(std::string(y.node().where().file).ends_with("graph_test.cpp"));
}

TEST(Graph, RefusesValuesOfTwoGraphs) {
  Graph one, two;
  const Value x = one.input("x", {f64, {}}), y = two.input("y", {f64, {}});
  const std::string text = message<GraphError>([&] { plus(x, y); });
  EXPECT_TRUE(text.starts_with("plus: operand 1, 'y', belongs to another graph")) << text;
}

TEST(Graph, RefusesPlainNumbersOnly) {
  EXPECT_EQ(message<ArgumentError>([] { plus(1, 2); }),
            "plus: at least one operand must be a value of a graph, got plain numbers only");
}

TEST(Graph, RefusesFractionsForIntegers) {
  Graph graph;
  const Value i = graph.input("i", {i32, {}});
  const std::string text = message<TypeError>([&] { plus(i, 0.5); });
  EXPECT_TRUE(text.starts_with("plus: ")) << text;
  EXPECT_NE(text.find("0.5"), text.npos) << text;
}

TEST(Graph, HandlesKnowWhenTheirGraphIsGone) {
  Value x;
  EXPECT_EQ(message<GraphError>([&] { (void)x.type(); }),
            "this Value is empty: a default-constructed Value belongs to no graph");
  std::optional<Node> node;
  {
    Graph graph;
    x = graph.input("x", {f64, {}});
    node = x.node();
  }
  EXPECT_EQ(message<GraphError>([&] { (void)x.type(); }),
            "this Value's graph is gone: a handle does not keep its graph alive");
  EXPECT_THROW((void)node->name(), GraphError);
  EXPECT_THROW(plus(x, 1), GraphError);
}

TEST(Graph, MakesLeavesOfItsOwnTensors) {  // while the table of tensors grows
  Graph graph;
  Value last = graph.parameter("w", Tensor(7.0));
  for (int i = 0; i < 100; ++i)
    last = i % 2 == 0 ? graph.constant(last.node().tensor())
                      : graph.parameter("w" + std::to_string(i), last.node().tensor());
  EXPECT_EQ(last.node().tensor().item<double>(), 7);
}

TEST(Graph, TellsTheInnermostOpenScope) {
  Graph graph;
  EXPECT_EQ(graph.current_scope(), "");
  std::optional<Scope> outer = graph.scope("encoder");
  EXPECT_EQ(graph.current_scope(), "encoder");
  const std::optional<Scope> inner = graph.scope("0/1");
  EXPECT_EQ(graph.current_scope(), "encoder/0/1");
  outer.reset();
  EXPECT_EQ(graph.current_scope(), "encoder/0/1") << "is still open";
}

TEST(Graph, MovesUnderItsHandles) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  Graph moved = std::move(graph);
  EXPECT_EQ(plus(x, x).name(), "plus");
  EXPECT_EQ(moved.size(), 2U);
  Graph other;
  const Value gone = other.input("y", {f64, {}});
  other = std::move(moved);
  EXPECT_EQ(other.size(), 2U);
  EXPECT_EQ(gone.name(), "y");  // the graph now lives in `moved`
}

TEST(Graph, ShowsNodesOperandsUsersAndAttributes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const Value y = scale(x, 0.5), z = plus(y, y), w = plus(x, z);
  EXPECT_EQ(y.node().op().attributes(), "by=0.5");
  EXPECT_EQ(z.node().operands(), (std::vector{y, y}));
  EXPECT_EQ(x.node().users(), (std::vector{y.node(), w.node()}));
  EXPECT_EQ(y.node().users(), std::vector{z.node()});
  EXPECT_EQ(graph.nodes().size(), 4U);
  EXPECT_EQ(graph.edges(), 5U);
  EXPECT_EQ(w.node().op().get_if<Scale>(), nullptr);
  EXPECT_EQ(y.node().op().get_if<Scale>()->by, 0.5);
  EXPECT_THROW((void)graph.node(4), GraphError);
  EXPECT_THROW((void)y.node().tensor(), GraphError);
  EXPECT_FALSE(z.node().type_only(1));
  EXPECT_THROWS(z.node().type_only(2), GraphError,
                "node 'plus' has 2 operands; there is no operand 2");
}

struct Titled {
  std::string title;
  using attributes = dagrad::attributes<&Titled::title>;
  static constexpr auto name = "titled";
  template <class T>
  T operator()(T x) const {
    return x + x;
  }
};

TEST(Graph, PrintsAnyTextOnOneLine) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  dagrad::apply(Titled{"a \"b\"\\\n\tß\xff\x01"}, {x});
  EXPECT_EQ(to_string(graph.node(1)),
            R"(%titled = titled(%x) {title="a \"b\"\\\n\tß\xff\x01"} : float64[])");
}

TEST(Graph, PrintsOneLinePerNode) {
  Graph graph;
  const Value x = graph.input("x", {f64, {4, 2}});
  fill(scale(x, 0.5), x);
  EXPECT_EQ(to_string(graph),
            "%x = input() : float64[4,2]\n"
            "%scale = scale(%x) {by=0.5} : float64[4,2]\n"
            "%fill = fill(%scale, type of %x) : float64[4,2]\n");
  std::ostringstream stream;
  stream << x;
  EXPECT_EQ(stream.str(), "%x : float64[4,2]");
}

TEST(Graph, EqualOpsAreOneOp) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  EXPECT_EQ(scale(x, 2).node().op().get(), scale(x, 2).node().op().get());
  EXPECT_NE(scale(x, 2).node().op().get(), scale(x, 3).node().op().get());
}

TEST(Graph, FunctorsBecomeBuilders) {
  Graph graph;
  const Value x = graph.input("x", {f32, {3}});
  const auto leaky = elementwise("leaky", [](auto v) { return select(v > 0, v, 0.01 * v); });
  EXPECT_EQ(leaky(x).type(), (Type{f32, {3}}));
  EXPECT_EQ(leaky(x).name(), "leaky_1");
}

TEST(Graph, MayBeDeepAndWide) {
  Graph graph;
  Value x = graph.input("x", {f64, {}});
  const Value first = x;
  for (int i = 0; i < 100'000; ++i) x = plus(x, first);
  EXPECT_EQ(first.node().users().size(), 100'000U);
  EXPECT_EQ(x.name(), "plus_99999");
}

struct PlusOfThree {
  static constexpr auto name = "plus_of_three";
  template <class T>
  T operator()(T a, T b, T c) const {
    return a + b + c;
  }
};

TEST(Graph, BuildersThatThrowLeaveNoTrace) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), y = graph.input("y", {f64, {3}});
  const std::string before = to_string(graph);
  EXPECT_THROW(dagrad::apply(PlusOfThree{}, {x, 2.5, y}),
               ShapeError);  // 2.5 had already become a constant
  const auto sum_of_three = [&](const Operand& a, const Operand& b, const Operand& c) {
    const Building building{1.0, a};
    return plus(plus(a, b), c);
  };
  EXPECT_THROW(sum_of_three(x, 2.5, y), ShapeError);
  EXPECT_EQ(to_string(graph), before);
  EXPECT_EQ(sum_of_three(x, 2.5, x).name(), "plus_1");
  EXPECT_EQ(graph.size(), 5U);
}

// A builder that succeeds during stack unwinding keeps its nodes.
TEST(Graph, BuildersMayRunDuringStackUnwinding) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  struct Cleanup {
    const Operand& x;
    ~Cleanup() {
      const Building building{x};
      plus(x, x);
    }
  };
  const Operand operand = x;
  try {
    const Cleanup cleanup{operand};
    throw 1;
  } catch (int) {
  }
  EXPECT_EQ(graph.size(), 2U);
}

TEST(Graph, BuildersPlaceTheirNodesAtTheOutermostCall) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const auto inner = [](const Operand& a) {
    const Building building{a};
    return plus(plus(a, 1), a);
  };
  const auto outer = [&](const Operand& a) {
    const Building building{a};
    const Value sum = inner(a);
    return std::array{sum, plus(sum, 2)};
  };
  const int line = __LINE__ + 1;
  const auto [first, second] = outer(x);
  EXPECT_EQ(first.node().where().line, line);
  EXPECT_EQ(first.node().operands()[0].node().where().line, line);
  EXPECT_EQ(second.node().where().line, line);
  EXPECT_EQ(plus(x, x).node().where().line, __LINE__)
      << "a builder's line applies only while it is open";
}

TEST(Graph, BuildersErrorsShowTheOutermostCall) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), y = graph.input("y", {f64, {3}});
  const auto builder = [](const Operand& a, const Operand& b) {
    const Building building{a, b};
    return plus(plus(a, 1), b);
  };
  const int line = __LINE__ + 1;
  const std::string text = message<ShapeError>([&] { builder(x, y); });
  EXPECT_NE(text.find("graph_test.cpp:" + std::to_string(line)), text.npos) << text;
  const auto checked = [&](const Operand& a) {
    const Building building{a};
    throw ArgumentError("bad" + made_at(Operand(plus(a, 1))));
  };
  const int call = __LINE__ + 1;
  const std::string bad = message<ArgumentError>([&] { checked(x); });
  EXPECT_NE(bad.find("graph_test.cpp:" + std::to_string(call)), bad.npos) << bad;
  EXPECT_EQ(graph.size(), 2U);
}

TEST(Graph, BuildersErrorsKeepTheirKind) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const auto refuse = []<class E>(std::type_identity<E>, const Operand& a) {
    const Building building("refuse", {a});
    building.checked([] { throw E("this is bad"); });
  };
  const auto expect_kept = [&]<class E>(std::type_identity<E> kind) {
    EXPECT_THROWS_HERE(refuse(kind, x), E, "refuse: this is bad");
  };
  expect_kept(std::type_identity<ShapeError>());
  expect_kept(std::type_identity<TypeError>());
  expect_kept(std::type_identity<ArgumentError>());
  expect_kept(std::type_identity<GraphError>());
  expect_kept(std::type_identity<GradientError>());
  expect_kept(std::type_identity<FileError>());
  expect_kept(std::type_identity<RunError>());
  expect_kept(std::type_identity<InternalError>());
  expect_kept(std::type_identity<Error>());
  struct OwnError : Error {
    using Error::Error;
  };
  EXPECT_THROWS(refuse(std::type_identity<OwnError>(), x), OwnError, "this is bad");
}

TEST(Graph, BuildersMayAddParameters) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const auto counted = [](const Operand& a, const char* name) {
    const Building building{a};
    return plus(a, building.parameter(name, Tensor(1.0)));
  };
  const int line = __LINE__ + 1;
  counted(x, "count");
  EXPECT_EQ(graph.at("count").node().where().line, line);
  EXPECT_THROW(counted(x, "count"), GraphError) << "the name is taken";
  EXPECT_THROW(counted(x, "a b"), ArgumentError);
  EXPECT_THROW(counted(1, "other"), GraphError) << "a number has no graph";
  EXPECT_EQ(graph.size(), 3U);
}

TEST(Graph, BuildersOutliveTheirGraph) {
  auto graph = std::make_unique<Graph>();
  const Value x = graph->input("x", {f64, {}});
  const Building building{Operand(x)};
  graph.reset();
}

TEST(Graph, EmptyHandlesAreRefused) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  EXPECT_THROWS(plus(x, Value()), GraphError,
                "this Value is empty: a default-constructed Value belongs to no graph");
  EXPECT_THROWS(dagrad::apply(Op(), std::vector<Operand>{x}), ArgumentError,
                "apply: this Op is empty");
  const Graph taken = std::move(graph);
  EXPECT_THROWS(graph.size(), GraphError,  // NOLINT(bugprone-use-after-move)
                "this Graph is empty: it has been moved from");
  EXPECT_EQ(taken.size(), 1U);
}

}  // namespace
