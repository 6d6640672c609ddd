#include "dagrad/mathematics.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "dagrad/dagrad.hpp"
#include "docs/examples/xor_network.hpp"
#include "tests/pictures/formula_reader.hpp"
#include "tests/throws.hpp"

namespace dagrad::test {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

XorNetwork xor_network() {
  Rng rng(7);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  return {weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1})};
}

TEST(Mathematics, ListsTheXorNetwork) {
  const XorNetwork network = xor_network();
  const std::string text = mathematics(network.graph, {.title = "XOR",
                                                       .fetches = {network.cost},
                                                       .updates = network.update,
                                                       .format = MathematicsFormat::text});
  for (const char* line :
       {"XOR\n", "w_hidden  hidden/w  parameter float64[2,3]\n", "\nForward\n",
        "z₁ = x·w_hidden + b_hidden ", "\nGradient of L\n", "∂L/∂a₂ = a₂ − y ",
        "by y = (a − b)² / 2: ∂L/∂a = δ ⊙ (a − b)\n", "by y = σ(x): ∂L/∂x = δ ⊙ y ⊙ (1 − y)\n",
        "by y = a·b: ∂L/∂b = aᵀδ\n", "by y = a·b: ∂L/∂a = δ·bᵀ\n", "by y = a + b: ∂L/∂b = Σ₀ δ\n",
        "\nUpdate\n", "w_hidden ← w_hidden − ½ · ∂L/∂w_hidden "})
    EXPECT_TRUE(contains(text, line)) << line << "\nin\n" << text;
  EXPECT_TRUE(contains(text, "hidden/matmul")) << text;
  EXPECT_TRUE(contains(text, "xor_network.hpp:")) << text;
}

TEST(Mathematics, HasTablesInMarkdown) {
  const XorNetwork network = xor_network();
  const std::string text = mathematics(network.graph, {.fetches = {network.cost}});
  EXPECT_TRUE(contains(text, "| equation | rule | node |\n|---|---|---|\n")) << text;
  EXPECT_TRUE(contains(text, "## Gradient of $L$")) << text;
  EXPECT_TRUE(contains(
      text, "\\frac{\\partial L}{\\partial w_{\\mathrm{hidden}}} = x^{\\top}\\,\\delta_{1}$"))
      << text;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    if (!line.starts_with("|")) continue;
    std::size_t bars = 0;
    for (std::size_t at = 0; at < line.size(); ++at)
      bars += line[at] == '|' && (at == 0 || line[at - 1] != '\\');
    EXPECT_TRUE(bars == 3 || bars == 4) << line;  // no formula has a bar of its own
  }
}

TEST(Mathematics, IsBalancedLatex) {
  const XorNetwork network = xor_network();
  const std::string text = mathematics(network.graph, {.title = "100 % of_it & {more}",
                                                       .updates = network.update,
                                                       .format = MathematicsFormat::latex});
  EXPECT_TRUE(is_balanced(text)) << text;
  EXPECT_TRUE(contains(text, "\\section*{100 \\% of\\_it \\& \\{more\\}}")) << text;
  EXPECT_TRUE(contains(text, "\\begin{align*}")) << text;
  EXPECT_FALSE(contains(text, "δ")) << text;
}

TEST(Mathematics, GivesTheRulesOfUsersOps) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const auto cube = elementwise("cube", [](auto v) { return v * v * v; });
  gradient(sum(exp(cube(x))), x);
  const std::string text = mathematics(graph, {.format = MathematicsFormat::text});
  EXPECT_TRUE(contains(text, "by y = x² ⊙ x: ∂L/∂x = ")) << text;
}

TEST(Mathematics, ListsHigherOrders) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value slope = gradient(exp(x) * x, x);
  gradient(slope, x);
  const std::string text = mathematics(graph, {.format = MathematicsFormat::text});
  EXPECT_TRUE(contains(text, "Gradient of L\n")) << text;
  EXPECT_TRUE(contains(text, "Gradient, order 2 of ∂L/∂x\n")) << text;
  EXPECT_TRUE(contains(text, "∂²L/∂x² = ")) << text;
}

TEST(Mathematics, CanShowTheGraphAsItIs) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  (x * 1).named("y");
  const auto text = [&](bool simplify) {
    return mathematics(graph, {.simplify = simplify, .format = MathematicsFormat::text});
  };
  EXPECT_TRUE(contains(text(false), "y = x  y, ")) << text(false);
}

TEST(Mathematics, OfNothingIsEmpty) {
  EXPECT_EQ(mathematics(Graph()), "");
  Graph graph;
  graph.input("x", {f64, {}});
  EXPECT_EQ(mathematics(graph, {.format = MathematicsFormat::text}), "");
}

TEST(Mathematics, RefusesValuesOfOtherGraphs) {
  Graph graph, other;
  const Value x = other.input("x", {f64, {}});
  graph.input("y", {f64, {}});
  EXPECT_THROWS(mathematics(graph, {.fetches = {x}}), GraphError,
                "mathematics: 'x' belongs to another graph");
}

TEST(Mathematics, IsWrittenToFiles) {
  const XorNetwork network = xor_network();
  const auto file = std::filesystem::temp_directory_path() / "dagrad_mathematics_test.md";
  write_mathematics(file, network.graph);
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(text, mathematics(network.graph));
  std::filesystem::remove(file);
  EXPECT_THROWS(write_mathematics("/nowhere/at/all.md", network.graph), FileError,
                "write_mathematics: '/nowhere/at/all.md': its directory cannot be opened: "
                "No such file or directory");
}

}  // namespace
}  // namespace dagrad::test
