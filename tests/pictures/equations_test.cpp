#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "docs/examples/xor_network.hpp"
#include "src/pictures/equations.hpp"
#include "tests/pictures/formula_reader.hpp"

namespace dagrad::test {
namespace {

detail::EquationBounds bounds_of(const Graph& graph, const std::vector<Value>& kept = {}) {
  detail::EquationBounds bounds;
  bounds.kept.assign(graph.size(), false);
  for (const Node& node : graph.nodes())
    bounds.region.push_back(static_cast<std::uint32_t>(node.gradient_order()));
  for (const Value& value : kept) bounds.kept[value.node_id()] = true;
  return bounds;
}

/// The equations of a graph, one a line, without those that only say a number or another name.
std::string equations(const Graph& graph, const std::vector<Value>& kept = {}) {
  const detail::Equations all = detail::equations_of(graph, bounds_of(graph, kept));
  std::string lines;
  for (const std::string& text : all.text)
    if (text.find(" = ") != std::string::npos) lines += text + "\n";
  return lines;
}

XorNetwork xor_network() {
  Rng rng(7);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  return {weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1})};
}

TEST(Equations, OfTheXorNetworkReadAsInATextbook) {
  const XorNetwork network = xor_network();
  EXPECT_EQ(equations(network.graph),
            "z₁ = x·w_hidden + b_hidden\n"
            "a₁ = σ(z₁)\n"
            "z₂ = a₁·w_output + b_output\n"
            "a₂ = σ(z₂)\n"
            "v₁ = (a₂ − y)² / 2\n"
            "cost = mean(v₁)\n"
            "L = Σ v₁\n"
            "∂L/∂a₂ = a₂ − y\n"
            "δ₂ = ∂L/∂a₂ ⊙ a₂ ⊙ (1 − a₂)\n"
            "∂L/∂b_output = Σ δ₂\n"
            "∂L/∂a₁ = δ₂·w_outputᵀ\n"
            "∂L/∂w_output = a₁ᵀδ₂\n"
            "δ₁ = ∂L/∂a₁ ⊙ a₁ ⊙ (1 − a₁)\n"
            "∂L/∂b_hidden = Σ₀ δ₁\n"
            "∂L/∂w_hidden = xᵀδ₁\n"
            "v₂ = w_hidden − ½ · ∂L/∂w_hidden\n"
            "v₃ = b_hidden − ½ · ∂L/∂b_hidden\n"
            "v₄ = w_output − ½ · ∂L/∂w_output\n"
            "v₅ = b_output − ½ · ∂L/∂b_output\n");
}

TEST(Equations, KeepTheirSymbolsThroughPasses) {
  const XorNetwork network = xor_network();
  const Optimized simple = optimize(network.graph, network.gradients);
  const std::string text = equations(simple.graph);
  EXPECT_NE(text.find("∂L/∂w_hidden = xᵀδ₁\n"), std::string::npos) << text;
  EXPECT_NE(text.find("δ₂ = ∂L/∂a₂ ⊙ a₂ ⊙ (1 − a₂)\n"), std::string::npos) << text;
}

TEST(Equations, OfHigherDerivatives) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value first = gradient(x * x * x, x);
  gradient(first, x);
  const std::string text = equations(graph);
  EXPECT_NE(text.find("∂L/∂x = "), std::string::npos) << text;
  EXPECT_NE(text.find("∂²L/∂x² = "), std::string::npos) << text;
}

TEST(Equations, OfTheSlopeOfTanh) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  gradient(sum(square(tanh(x).named("t"))), x);
  const std::string text = equations(graph);
  EXPECT_NE(text.find("(1 − tanh(x)²)"), std::string::npos) << text;
}

TEST(Equations, NamesAreShortAndUnique) {
  Graph graph;
  std::vector<Value> all;
  for (const char* name : {"a/0/w", "a/1/w", "b/w", "bias", "head/0/norm/gain", "head/1/norm/gain"})
    all.push_back(graph.parameter(name, Tensor(1.0)));
  all.push_back(add_n(all).named("w_b"));  // the same as b/w by its short name
  const detail::WrittenEquations written = detail::write_equations(graph, bounds_of(graph));
  std::vector<std::string> texts;
  std::set<std::string> distinct, latex;
  for (const Value& value : all) {
    texts.push_back(written.symbol[value.node_id()].text());
    distinct.insert(texts.back());
    latex.insert(written.symbol[value.node_id()].latex());
  }
  EXPECT_EQ(texts[3], "bias");
  EXPECT_EQ(texts[4], "gain₀");
  EXPECT_EQ(texts[5], "gain₁");
  EXPECT_EQ(distinct.size(), all.size());
  EXPECT_EQ(latex.size(), all.size());
}

TEST(Equations, LongFormulasAreDivided) {
  Graph graph;
  Value sum = graph.input("first", {f64, {2}});
  for (int i = 0; i < 40; ++i) sum = sum * graph.input("factor" + std::to_string(i), {f64, {2}});
  const detail::Equations all = detail::equations_of(graph, bounds_of(graph));
  std::size_t count = 0;
  for (const std::string& text : all.text) {
    EXPECT_LE(text.size(), 200U) << text;
    count += !text.empty();
  }
  EXPECT_GT(count, 5U);
  EXPECT_LT(count, 40U);
}

TEST(Equations, RepeatedTermsAreWrittenOnce) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const Value term = exp(x * 3 + 1) * 2;
  elementwise("twice", [](auto v) { return v * (v + 1); })(term);
  EXPECT_EQ(equations(graph), "v₁ = exp(x · 3 + 1) · 2\nv₂ = v₁ ⊙ (v₁ + 1)\n");
}

TEST(Equations, OperandsAreInOrderAndWithoutRepetition) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), y = graph.input("y", {f64, {2}});
  const Value result = y * x - exp(y);
  const auto bounds = bounds_of(graph);
  const detail::WrittenEquations written = detail::write_equations(graph, bounds);
  std::vector<std::uint32_t> members;
  for (std::uint32_t id = 0; id < graph.size(); ++id)
    if (written.root[id] == result.node_id()) members.push_back(id);
  EXPECT_EQ(members.size(), 3U);
  const auto operands = detail::operands_of(detail::GraphView(graph), written, members);
  ASSERT_EQ(operands.size(), 2U);
  EXPECT_EQ(operands[0].node, y.node_id());
  EXPECT_EQ(operands[1].node, x.node_id());
}

/// Random graphs: each node is written in one equation of its region, and only single users absorb.
TEST(Equations, JoinOnlyNodesWithASingleUser) {
  for (int seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    Graph graph;
    std::vector<Value> values{graph.input("x", {f64, {3}}), graph.parameter("w", Tensor(2.0))};
    const auto any = [&] {
      const double at = rng.uniform({}, 0, static_cast<double>(values.size())).at(0);
      return values[std::min(static_cast<std::size_t>(at), values.size() - 1)];
    };
    for (int i = 0; i < 20; ++i) {
      const double kind = rng.uniform({}, 0, 5).at(0);
      values.push_back(kind < 1   ? any() + any()
                       : kind < 2 ? any() * any()
                       : kind < 3 ? tanh(any())
                       : kind < 4 ? any() - 0.5
                                  : relu(any()));
    }
    gradient(sum(values.back() * 1.5), values[0], {.unconnected = Unconnected::zeros});
    const auto bounds = bounds_of(graph, {values[5]});
    const detail::WrittenEquations all = detail::write_equations(graph, bounds);
    for (const Node& node : graph.nodes()) {
      const std::uint32_t id = node.id(), root = all.root[id];
      ASSERT_GE(root, id);
      EXPECT_EQ(all.root[root], root);
      EXPECT_EQ(bounds.region[root], bounds.region[id]);
      if (root == id) {
        EXPECT_FALSE(all.symbol[id].empty());
        EXPECT_TRUE(is_balanced(all.formula[id].text())) << all.formula[id].text();
        EXPECT_TRUE(is_balanced(all.formula[id].latex())) << all.formula[id].latex();
        continue;
      }
      EXPECT_FALSE(bounds.kept[id]);
      std::set<std::uint32_t> users;
      for (const Node& user : node.users())
        for (std::size_t i = 0; i < user.operands().size(); ++i)
          if (user.operands()[i].node_id() == id && !user.type_only(i)) users.insert(user.id());
      EXPECT_EQ(users.size(), 1U);
      EXPECT_EQ(all.root[*users.begin()], root);
    }
  }
}

TEST(Equations, OfNothing) {
  EXPECT_EQ(equations(Graph()), "");
  Graph graph;
  graph.input("x", {f64, {}});
  EXPECT_EQ(equations(graph), "");
}

}  // namespace
}  // namespace dagrad::test
