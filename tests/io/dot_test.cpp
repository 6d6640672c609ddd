#include "dagrad/dot.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/structural.hpp"
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
  DotOptions options() const { return {.title = "a & b", .fetches = {out, gradients[0]}}; }
};

/// What is drawn is compared with the file that is kept; DAGRAD_UPDATE_GOLDEN=1 in the environment
/// writes it anew.
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

TEST(Dot, DrawsTheGradientOfASumOfAGradientApart) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value dx = gradient(sum(exp(x) * x), x), ddx = gradient(sum(dx), x);
  const std::string text = to_dot(graph, {.fetches = {ddx}});
  EXPECT_NE(text.find("cluster_1"), text.npos) << text;
  EXPECT_NE(text.find("backward, order 2"), text.npos) << text;
}

TEST(Dot, LeavesOutWhatFetchesDoNotNeed) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), other = exp(x);
  const std::string text = to_dot(graph, {.fetches = {sin(x)}, .only_needed = true});
  EXPECT_NE(text.find("<b>sin</b>"), text.npos);
  EXPECT_EQ(text.find("<b>exp</b>"), text.npos);
}

// The products and sums of "0" are one node, in the forward computation and in its gradient.
TEST(Dot, ClosesScopes) {
  const Network network;
  DotOptions options = network.options();
  options.open_scopes = 1;
  expect_golden("closed", to_dot(network.graph, options));
  options.open_scopes = 2;
  EXPECT_EQ(to_dot(network.graph, options), to_dot(network.graph, network.options()));
}

TEST(Dot, DrawsNothingToo) { expect_golden("empty", to_dot(Graph(), {.legend = false})); }

TEST(Dot, EscapesLabels) {
  Graph graph;
  const Value x = graph.input("größe-'β'", {f64, {}});
  const auto odd = elementwise("a<b>&\"c\"", [](auto v) { return v + v; });
  (void)odd(x);
  expect_golden("escapes", to_dot(graph));
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
  EXPECT_THROW(draw(folder / "g.nonsense", network.graph), FileError);
  EXPECT_THROW(draw(folder / "none" / "g.svg", network.graph), FileError);
  EXPECT_THROW(write_dot(folder / "none" / "g.dot", network.graph), FileError);
  fs::remove_all(folder);
}

}  // namespace
