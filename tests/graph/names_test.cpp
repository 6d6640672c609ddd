#include <gtest/gtest.h>

#include <cstdio>

#include "dagrad/gradient.hpp"
#include "dagrad/optimizers.hpp"
#include "tests/graph/test_ops.hpp"
#include "tests/throws.hpp"

namespace {

using namespace test;

TEST(Names, AreMadeAutomatically) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  EXPECT_EQ(plus(x, x).name(), "plus");
  EXPECT_EQ(plus(x, x).name(), "plus_1");
  EXPECT_EQ(times(x, x).name(), "times");
  EXPECT_EQ(plus(x, x).name(), "plus_2");
}

TEST(Names, OfSecondResultsEndInThePort) {
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
  const Value x = graph.input("plus_1", {f64, {}});  // before the first plus
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
  EXPECT_EQ(mistake<GraphError>([&] { graph.parameter("x", Tensor(1.0)); }),
            "the name \"x\" is taken by node 0 (input)");
  EXPECT_EQ(mistake<GraphError>([&] {
              graph.input("plus", {f64, {}});
            }),
            "the name \"plus\" is taken by node 1 (plus)");
  EXPECT_EQ(graph.size(), 2U);  // the failed leaves left nothing
  EXPECT_EQ(mistake<GraphError>([&] { times(x, x).named("x"); }),
            "the name \"x\" is taken by node 0 (input)");
}

TEST(Names, MalformedNamesAreRefused) {
  Graph graph;
  const auto refused = [&](std::string_view name) {
    return mistake<ArgumentError>([&] { graph.input(name, {f64, {}}); });
  };
  EXPECT_EQ(refused(""), "bad name \"\" for a node: it is empty");
  EXPECT_EQ(refused("a b"),
            "bad name \"a b\" for a node: it contains white space or control characters");
  EXPECT_EQ(refused("/a"), "bad name \"/a\" for a node: each '/' must stand between two words");
  EXPECT_EQ(refused("a//b"), "bad name \"a//b\" for a node: each '/' must stand between two words");
  EXPECT_EQ(refused("a:0"),
            "bad name \"a:0\" for a node: it may contain only letters, digits and _ . - + ' /");
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)graph.scope("a\n"); }),
            "bad name \"a\n\" for a scope: it contains white space or control characters");
  EXPECT_EQ(graph.size(), 0U);
  EXPECT_EQ(graph.input("größe.1-β'", {f64, {}}).name(), "größe.1-β'");
}

// Each scope may contain the same automatic name, and a user may give it in any scope where it is
// free.
TEST(Names, AreComparedWithTheirScopes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  Value first, second;
  {
    const Scope scope = graph.scope("layer1");
    first = plus(x, x);
    EXPECT_EQ(first.name(), "layer1/plus");
  }
  {
    const Scope scope = graph.scope("layer2");
    second = plus(x, x);
    EXPECT_EQ(second.name(), "layer2/plus_1");
    EXPECT_EQ(second.named("plus").name(), "layer2/plus");
    EXPECT_EQ(plus(x, x).named("plus_1").name(), "layer2/plus_1");
    EXPECT_EQ(mistake<GraphError>([&] { plus(x, x).named("plus"); }),
              "the name \"layer2/plus\" is taken by node 2 (plus)");
  }
  EXPECT_EQ(graph.at("layer1/plus"), first);
  EXPECT_EQ(graph.at("layer2/plus"), second);
  EXPECT_FALSE(graph.find("plus"));
  EXPECT_FALSE(graph.find("/plus"));
  EXPECT_EQ(mistake<GraphError>([&] { plus(x, x).named("layer1/plus"); }),
            "the name \"layer1/plus\" is taken by node 1 (plus)");
}

TEST(Names, MayContainSlashesAtTheTopLevel) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = plus(x, x).named("block/plus");
  EXPECT_EQ(y.name(), "block/plus");
  EXPECT_EQ(graph.at("block/plus"), y);
  EXPECT_EQ(plus(x, x).name(), "plus_1");
  const Scope scope = graph.scope("block");
  EXPECT_EQ(mistake<GraphError>([&] { times(x, x).named("plus"); }),
            "the name \"block/plus\" is taken by node 1 (plus)");
}

// An op "plus_1" beside an op "plus", in either order.
TEST(Names, OfOpsThatEndInANumberAreUnique) {
  const auto plus_1 = elementwise("plus_1", [](auto x) { return x + x; });
  for (const bool numbered_first : {false, true}) {
    Graph graph;
    const Value x = graph.input("x", {f64, {}});
    std::vector<std::string> names;
    if (numbered_first) names.push_back(plus_1(x).name());
    for (int i = 0; i < 3; ++i) names.push_back(plus(x, x).name());
    for (int i = 0; i < 3; ++i) names.push_back(plus_1(x).name());
    EXPECT_EQ(names, numbered_first
                         ? (std::vector<std::string>{"plus_1", "plus", "plus_2", "plus_3",
                                                     "plus_1_1", "plus_1_2", "plus_1_3"})
                         : (std::vector<std::string>{"plus", "plus_1", "plus_2", "plus_1_1",
                                                     "plus_1_2", "plus_1_3"}));
    for (std::uint32_t id = 0; id < graph.size(); ++id)
      EXPECT_EQ(graph.at(graph.node(id).name()).node_id(), id);
  }
}

// A user takes an automatic name before there is such an op or before its turn, and frees it again.
TEST(Names, TakenByUsersAreSkipped) {
  Graph graph;
  const Value taken = graph.input("a/plus_1", {f64, {}});
  const Scope scope = graph.scope("a");
  const Value x = graph.input("x", {f64, {}});
  EXPECT_EQ(plus(x, x).name(), "a/plus");
  EXPECT_EQ(plus(x, x).name(), "a/plus_2");
  EXPECT_EQ(mistake<GraphError>([&] {
              graph.input("plus_2", {f64, {}});
            }),
            "the name \"a/plus_2\" is taken by node 3 (plus)");
  const Value later = graph.input("plus_3", {f64, {}});
  EXPECT_EQ(plus(x, x).name(), "a/plus_4");
  (void)taken.named("b");
  EXPECT_EQ(graph.at("a/plus_3"), later);
  EXPECT_EQ(plus(x, x).named("plus_1").name(), "a/plus_1");
}

TEST(Names, OfAFailedBuilderBecomeFree) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  plus(x, x);
  try {
    const Building building{Operand(x)};
    EXPECT_EQ(graph.input("plus_1", {f64, {}}).name(), "plus_1");
    EXPECT_EQ(plus(x, x).name(), "plus_2");
    EXPECT_EQ(plus(x, x).named("y").name(), "y");
    throw GraphError("refused");
  } catch (const GraphError&) {
  }
  EXPECT_FALSE(graph.find("y"));
  EXPECT_EQ(plus(x, x).name(), "plus_1");
  EXPECT_EQ(plus(x, x).name(), "plus_2");
}

TEST(Names, GivenByUsersSurviveCopies) {
  Graph graph;
  const Value x = graph.input("plus_1", {f64, {}});
  const Value a = plus(x, x), b = plus(x, x);
  EXPECT_EQ(b.name(), "plus_2");
  (void)x.named("x");
  const Value c = times(a, b).named("plus_1");  // would be the automatic name of the copy of b
  const Rewritten copy = clone(graph);
  EXPECT_EQ(copy.mapping(b).name(), "plus_2");
  EXPECT_EQ(copy.mapping(c).name(), "plus_1");
  (void)a.named("first");
  const Value d = times(x, b).named("plus");
  const Rewritten part = extract(std::vector{d});  // without a
  EXPECT_EQ(part.mapping(d).name(), "plus");
  EXPECT_EQ(part.mapping(b).name(), "plus_2") << "automatic names are also kept";
  EXPECT_EQ(part.graph.at("plus_2"), part.mapping(b));
  // A given name stays, even if it equals the automatic one.
  const Value e = times(x, b).named("times_2");
  EXPECT_TRUE(e.node().has_user_name());
  const Rewritten alone = extract(std::vector{e});
  EXPECT_EQ(alone.mapping(e).name(), "times_2");
}

TEST(Names, HaveALimitedLength) {
  Graph graph;
  const std::string longest(4096, 'a');
  EXPECT_EQ(graph.input(longest, {f64, {}}).name(), longest);
  const std::string shown = std::string(134, 'a') + " … " + std::string(66, 'a');
  EXPECT_EQ(mistake<ArgumentError>([&] {
              graph.input(longest + "a", {f64, {}});
            }),
            "bad name \"" + shown + "\" for a node: it has 4097 bytes, at most 4096 are allowed");
  std::vector<Scope> scopes;
  for (int i = 0; i < 15; ++i) scopes.push_back(graph.scope(longest));
  const std::string rest(65'531 - 15 * 4097, 'b');
  EXPECT_EQ(graph.parameter(rest, Tensor(1.0)).name().size(), 65'531U);
  const std::string text =
      mistake<ArgumentError>([&] { graph.parameter(rest + 'b', Tensor(1.0)); });
  EXPECT_TRUE(text.ends_with(
      " for a node: it has 65532 bytes, at most 65531 are allowed together with its scopes"))
      << text;
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)graph.scope(rest + 'b'); }).size(), text.size() + 1);
}

// Names that dagrad derives from a long name are never too long.
TEST(Names, OfAnyLengthCanBeTrained) {
  Graph graph;
  const std::string longest(4096, 'a');
  const Value x = graph.parameter(longest, Tensor(3.0));
  const auto twice = elementwise(longest, [](auto v) { return v * v; });
  const Value y = twice(x), dx = gradient(y, x);
  EXPECT_EQ(gradient(dx, x).type(), y.type());
  const auto updates = sgd(std::vector{x}, std::vector{dx}, 0.1, {.momentum = 0.9});
  EXPECT_EQ(updates.size(), 2U);
}

TEST(Names, AreUtf8) {
  const struct {
    std::string name, shown;
    int byte, value;
  } cases[] = {{"gr\xf6\xdf", "gr\\xf6\\xdf", 2, 0xf6},       // Latin-1
               {"a\x80", "a\\x80", 1, 0x80},                  // continuation byte without a start
               {"\xc0\xaf", "\\xc0\\xaf", 0, 0xc0},           // overlong encoding of a slash
               {"\xe2\x82", "\\xe2\\x82", 0, 0xe2},           // truncated
               {"\xed\xa0\x80", "\\xed\\xa0\\x80", 0, 0xed},  // half of a surrogate pair
               {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", 0, 0xf4},  // beyond the last code point
               {"ok\xff", "ok\\xff", 2, 0xff}};
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  for (const auto& c : cases) {
    char byte[8];
    std::snprintf(byte, sizeof byte, "0x%02x", static_cast<unsigned>(c.value));
    const std::string why = ": byte " + std::to_string(c.byte) + ", " + byte + ", is not UTF-8";
    const std::string bad = "bad name \"" + c.shown + "\" for ";
    EXPECT_EQ(mistake<ArgumentError>([&] { graph.parameter(c.name, Tensor(1.0)); }),
              bad + "a node" + why);
    EXPECT_EQ(mistake<ArgumentError>([&] { (void)x.named(c.name); }), bad + "a node" + why);
    EXPECT_EQ(mistake<ArgumentError>([&] { (void)graph.scope(c.name); }), bad + "a scope" + why);
    EXPECT_EQ(message<ArgumentError>([&] { elementwise(c.name, [](auto v) { return v + v; }); }),
              bad + "an op" + why);
  }
  EXPECT_EQ(x.named("\U0001d6fc€ß").name(), "\U0001d6fc€ß");
  using namespace std::string_view_literals;
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)x.named("a\0b"sv); }),
            "bad name \"a\\x00b\" for a node: it contains white space or control characters");
}

struct NamedPlus {
  std::string name;
  template <class T>
  T operator()(T a, T b) const {
    return a + b;
  }
};

TEST(Names, OfOpsAreChecked) {
  const auto refused = [](std::string_view name) {
    const auto text =
        message<ArgumentError>([&] { elementwise(name, [](auto x) { return x + x; }); });
    Graph graph;  // and for an op struct
    const Value x = graph.input("x", {f64, {}});
    const int line = __LINE__ + 2;
    const auto applied = message<ArgumentError>([&] {
      dagrad::apply(NamedPlus{std::string(name)}, {x, 2.5});
    });
    EXPECT_TRUE(applied.starts_with(text + "\n  made at ")) << applied;
    EXPECT_TRUE(applied.ends_with("names_test.cpp:" + std::to_string(line))) << applied;
    EXPECT_EQ(graph.size(), 1U);
    return text;
  };
  EXPECT_EQ(refused(""), "bad name \"\" for an op: it is empty");
  EXPECT_EQ(refused("a b"),
            "bad name \"a b\" for an op: it contains white space or control characters");
  EXPECT_EQ(refused("a\x1b"),
            "bad name \"a\\x1b\" for an op: it contains white space or control characters");
  EXPECT_EQ(refused("a/b"),
            "bad name \"a/b\" for an op: it contains a '/', which separates scopes");
  EXPECT_EQ(refused("a:1"),
            "bad name \"a:1\" for an op: it contains a ':', which precedes the number of a "
            "result");
  EXPECT_TRUE(refused(std::string(5000, 'a'))
                  .ends_with("for an op: it has 5000 bytes, at most 4096 are allowed"));
}

TEST(Names, OfResultsAreNumbers) {
  Graph graph;
  const Value x = graph.input("x", {f64, {4}});
  halve(x);
  EXPECT_TRUE(graph.find("x:0"));
  for (const char* name : {"x:", "x:-0", "x:0x", "x: 0", "x:1", "halve:99999999999", ":", ":0", ""})
    EXPECT_FALSE(graph.find(name)) << name;
}

TEST(Names, MissingOnesSuggestSimilarOnes) {
  Graph graph;
  graph.input("hidden", {f64, {}});
  graph.input("output", {f64, {}});
  EXPECT_EQ(mistake<GraphError>([&] { graph.at("hiden"); }),
            "there is no value \"hiden\" in the graph; similar names: hidden");
  EXPECT_EQ(mistake<GraphError>([&] { graph.at("q"); }), "there is no value \"q\" in the graph");
  for (const char* name : {"hidden_b", "hidden_a", "hidden_c", "hid"}) graph.input(name, {f64, {}});
  EXPECT_EQ(
      mistake<GraphError>([&] { graph.at("hidden_"); }),
      "there is no value \"hidden_\" in the graph; similar names: hidden, hidden_a, hidden_b");
}

TEST(Names, LongMissingOnesAreShortened) {
  Graph graph;
  const std::string name(4096, 'a');
  graph.input(name, {f64, {}});
  const std::string shown = std::string(134, 'a') + " … " + std::string(66, 'a');
  EXPECT_EQ(mistake<GraphError>([&] { graph.at(name + std::string(16, 'b')); }),
            "there is no value \"" + std::string(134, 'a') + " … " + std::string(50, 'a') +
                std::string(16, 'b') + "\" in the graph; similar names: " + shown);
  EXPECT_EQ(mistake<GraphError>([&] { graph.at(std::string(100'000, 'a')); }),
            "there is no value \"" + shown + "\" in the graph");
}

TEST(Names, ScopesEndInAnyOrder) {
  Graph graph;
  const auto name = [&] { return graph.constant(Tensor(1.0)).node().scope(); };
  std::vector<Scope> scopes;  // destroys the outermost first
  for (const char* scope : {"a", "b", "c"}) scopes.push_back(graph.scope(scope));
  EXPECT_EQ(name(), "a/b/c");
  scopes.clear();
  EXPECT_EQ(name(), "");
  std::optional<Scope> a(graph.scope("a")), b(graph.scope("b")), c(graph.scope("c"));
  b.reset();
  EXPECT_EQ(name(), "a/b/c");
  c.reset();
  EXPECT_EQ(name(), "a");
  b.emplace(graph.scope("d"));
  EXPECT_EQ(name(), "a/d");
  a.reset();
  EXPECT_EQ(name(), "a/d");
  c.emplace(graph.scope("e"));
  EXPECT_EQ(name(), "a/d/e");
  b.reset();
  c.reset();
  EXPECT_EQ(name(), "");
  std::optional<Graph> short_lived;
  short_lived.emplace();
  const Scope outlives = short_lived->scope("s");
  short_lived.reset();
}

}  // namespace
