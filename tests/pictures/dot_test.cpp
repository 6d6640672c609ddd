#include "dagrad/dot.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/rewrite.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;
namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// A network in scopes, with its gradient.
struct Network {
  Graph graph;
  Value out;
  std::vector<Value> gradients;
  Network() {
    const Value x = graph.input("x", {f64, {4, 3}});
    const Scope scope = graph.scope("layer");
    const Scope inner = graph.scope("0");
    const Value w = graph.parameter("w", Tensor(Type{f64, {3}}));
    out = sigmoid(x * w + 0.5).named("out");
    gradients = gradient(out, {w}, {.seed = ones_like(out)});
  }
  PictureOptions options() const { return {.title = "a & b", .fetches = {out, gradients[0]}}; }
};

/// Compares the drawing with a golden file, which is rewritten if the environment has
/// DAGRAD_UPDATE_GOLDEN=1.
void expect_golden(const std::string& name, const std::string& text) {
  const fs::path file = fs::path(DAGRAD_DOT_GOLDEN) / (name + ".dot");
  if (std::getenv("DAGRAD_UPDATE_GOLDEN")) std::ofstream(file) << text;
  EXPECT_EQ(text, read(file)) << name;
  const std::string command = "dot -Tsvg -o /dev/null " + file.string() + " 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << "dot does not accept " << file;
}

TEST(Dot, DrawsANetwork) {
  const Network network;
  expect_golden("network", to_dot(network.graph, network.options()));
}

TEST(Dot, DrawsSecondDerivatives) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = x * tanh(x), d2 = gradient(gradient(y, x), x);
  expect_golden("second", to_dot(graph, {.fetches = {d2}, .left_to_right = true, .legend = false}));
}

TEST(Dot, DrawsTheGradientOfASumOfAGradientSeparately) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value dx = gradient(sum(exp(x) * x), x), ddx = gradient(sum(dx), x);
  const std::string text = to_dot(graph, {.fetches = {ddx}});
  EXPECT_NE(text.find("cluster_1"), text.npos) << text;
  EXPECT_NE(text.find("gradient of order 2"), text.npos) << text;
}

TEST(Dot, LeavesOutWhatFetchesDoNotNeed) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), other = exp(x);
  const std::string text = to_dot(graph, {.fetches = {sin(x)}, .only_needed = true});
  EXPECT_NE(text.find("<b>sin</b>"), text.npos);
  EXPECT_EQ(text.find("<b>exp</b>"), text.npos);
}

// The products and sums in scope "0" become one node, both in the forward computation and in its
// gradient.
TEST(Dot, ClosesScopes) {
  const Network network;
  PictureOptions options = network.options();
  options.open_scopes = 1;
  expect_golden("closed", to_dot(network.graph, options));
  options.open_scopes = 2;
  EXPECT_EQ(to_dot(network.graph, options), to_dot(network.graph, network.options()));
}

TEST(Dot, MarksNodesAndClosedScopes) {
  const Network network;
  const std::map<std::string, PictureMark> marks{{"layer/0/w", {"#abcdef", "norm <3> & more"}},
                                                 {"layer/0/out", {.note = "no colour"}},
                                                 {"layer/0", {"#123456", "closed"}},
                                                 {"absent", {"#654321"}}};
  expect_golden("marked", to_dot(network.graph, {.legend = false, .marks = marks}));
  const std::string closed = to_dot(network.graph, {.open_scopes = 1, .marks = marks});
  EXPECT_NE(closed.find("fillcolor=\"#123456\""), std::string::npos);
  EXPECT_NE(closed.find(">closed<"), std::string::npos);
  EXPECT_EQ(closed.find("#abcdef"), std::string::npos);
}

TEST(Dot, RefusesMarksOfOtherColours) {
  for (const std::string fill : {"red", "#12345", "#12345g", "#1234567", "123456#"})
    EXPECT_THROWS(to_dot(Graph(), {.marks = {{"a", {fill}}}}), ArgumentError,
                  "to_dot: the mark of 'a' has the fill \"" + fill +
                      "\", which is not '#' and six hexadecimal digits");
}

TEST(Dot, DrawsEmptyGraphs) { expect_golden("empty", to_dot(Graph(), {.legend = false})); }

TEST(Dot, EscapesLabels) {
  Graph graph;
  const Value x = graph.input("größe-'β'", {f64, {}});
  const auto odd = elementwise("a<b>&\"c\"", [](auto v) { return v + v; });
  (void)odd(x);
  expect_golden("escapes", to_dot(graph));
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

/// Texts that Graphviz does not accept unchanged, or that are hard to shorten.
std::vector<std::string> awkward_texts() {
  std::vector<std::string> texts{"",
                                 " ",
                                 "\n",
                                 "a\r\n\tb",
                                 "]]>&amp;<b>\"\\",
                                 "gr\xf6\xdf",
                                 "\xef\xbf\xbe\xef\xbf\xbf",
                                 "\xe2\x82",
                                 "\xed\xa0\x80",
                                 std::string(1, '\0') + "b",
                                 std::string(48, '\x80'),
                                 std::string(20'000, '\xbf'),
                                 std::string(70'000, 'x'),
                                 std::string(70'000, '&'),
                                 std::string(70'000, '\n')};
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  texts.push_back(all);
  std::string euros;
  for (int i = 0; i < 10'000; ++i) euros += "€";
  for (std::size_t cut = 0; cut < 3; ++cut) texts.push_back(euros.substr(cut));
  return texts;
}

// All graphs are in one file, so that Graphviz runs only once.
TEST(Dot, AcceptsAnyTextAndName) {
  std::string drawn;
  for (const std::string& text : awkward_texts()) {
    Graph graph;
    (void)dagrad::apply(Titled{text}, {graph.input("x", {f64, {}})});
    drawn += to_dot(graph, {.title = text});
  }
  for (const std::string& name :
       {std::string(4095, '&'), std::string(4095, '\''), std::string("a[b]$|\U0010ffff\ufffe")}) {
    Graph graph;
    const Scope scope = graph.scope(name), inner = graph.scope("b/c");
    const Value x = graph.input(name, {f64, {}});
    (void)sin(x).named(name + "b");
    (void)elementwise(name, [](auto v) { return v + v; })(x);
    drawn += to_dot(graph, {.fetches = {x}});
    drawn += to_dot(graph, {.open_scopes = 1});
  }
  const fs::path file = fs::temp_directory_path() / "dagrad_dot_texts.dot";
  std::ofstream(file, std::ios::binary) << drawn;
  const std::string command = "dot -Tsvg " + file.string() + " > /dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0) << "dot does not accept " << file;
  fs::remove(file);
}

TEST(Dot, ShowsCharactersThatGraphvizRefuses) {
  const std::string text = to_dot(Graph(), {.title = "a\nb\x1b\x7f\xff\t<"});
  EXPECT_NE(text.find("<b>a<br/>b␛␡\xef\xbf\xbd &lt;</b>"), std::string::npos) << text;
}

// Runs on a small stack. Scopes nested deeper than 100 levels are drawn as one node.
TEST(Dot, AcceptsScopesOfAnyDepth) {
  struct Deep {
    std::string drawn;
    static void* draw(void* self) {
      Graph graph;
      std::vector<Scope> scopes;
      Value x = graph.input("x", {f64, {}});
      for (int i = 0; i < 3000; ++i) {
        scopes.push_back(graph.scope("s" + std::to_string(i % 10)));
        x = sin(x);
      }
      static_cast<Deep*>(self)->drawn = to_dot(graph);
      return nullptr;
    }
  } deep;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 256 << 10);
  pthread_t thread{};
  ASSERT_EQ(pthread_create(&thread, &small, &Deep::draw, &deep), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  EXPECT_NE(deep.drawn.find("shape=folder"), std::string::npos);
  const fs::path file = fs::temp_directory_path() / "dagrad_dot_deep.dot";
  std::ofstream(file, std::ios::binary) << deep.drawn;
  const std::string command = "dot -Tsvg " + file.string() + " > /dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0) << "dot does not accept " << file;
  fs::remove(file);
}

TEST(Dot, IsTheSameEachTime) {
  EXPECT_EQ(to_dot(Network().graph), to_dot(Network().graph));
  const Network network;
  EXPECT_EQ(to_dot(clone(network.graph).graph), to_dot(network.graph));
}

TEST(Dot, RefusesFetchesOfAnotherGraph) {
  const Network network;
  EXPECT_THROW((void)to_dot(Graph(), {.fetches = {network.out}}), GraphError);
}

TEST(Dot, WritesFiles) {
  const Network network;
  const fs::path folder = fs::temp_directory_path() / "dagrad_dot_test";
  fs::create_directories(folder);
  write_dot(folder / "g.dot", network.graph, network.options());
  EXPECT_EQ(read(folder / "g.dot"), to_dot(network.graph, network.options()));
  write_svg(folder / "g", network.graph);
  EXPECT_NE(read(folder / "g").find("</svg>"), std::string::npos);
  draw(folder / "g.png", network.graph);
  EXPECT_EQ(read(folder / "g.png").substr(1, 3), "PNG");
  EXPECT_THROW(draw(folder / "g", network.graph), ArgumentError);
  std::ofstream(folder / "g.nonsense") << "what was there";
  EXPECT_THROW(draw(folder / "g.nonsense", network.graph), FileError);
  EXPECT_EQ(read(folder / "g.nonsense"), "what was there");
  EXPECT_THROW(draw(folder / "none" / "g.svg", network.graph), FileError);
  EXPECT_THROW(write_dot(folder / "none" / "g.dot", network.graph), FileError);
  fs::remove_all(folder);
}

}  // namespace
