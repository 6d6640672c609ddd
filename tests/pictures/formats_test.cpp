#include "dagrad/picture_formats.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "dagrad/dagrad.hpp"
#include "docs/examples/xor_network.hpp"
#include "src/pictures/picture.hpp"
#include "tests/sanitized.hpp"
#include "tests/throws.hpp"

namespace dagrad::test {
namespace {

using nlohmann::json;

XorNetwork xor_network() {
  Rng rng(7);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  return {weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1})};
}

std::size_t occurrences(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

/// The data of a page, between the tags of its script.
json data_of(const std::string& page, const std::string& id) {
  const std::string begin = "<script type=\"application/json\" id=\"" + id + "\">";
  const std::size_t first = page.find(begin) + begin.size();
  return json::parse(page.substr(first, page.find("</script>", first) - first));
}

/// A graph whose names and title have whatever names may have.
struct Strange {
  Graph graph;
  PictureOptions options;
  std::string name = "ŷ'&[a]|b`c$~^*\u2028";
  Strange() {
    const Value x = graph.input(name, {f64, {2}});
    exp(x).named("exp'&x");
    options.title = "<b>\"x\"</b> & </script><!-- \n y";
  }
};

// ---- Model Explorer

TEST(ModelExplorer, HasNodesInLayersAndTheirEdges) {
  const XorNetwork network = xor_network();
  const PictureOptions options{.title = "XOR", .fetches = {network.out}, .updates = network.update};
  const json all = json::parse(to_model_explorer(network.graph, options));
  const detail::Picture picture = detail::picture_of(network.graph, options);
  EXPECT_EQ(all["label"], "XOR");
  const json& nodes = all["graphs"][0]["nodes"];
  ASSERT_EQ(nodes.size(), picture.nodes.size());
  std::size_t edges = 0, expected = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const json& node = nodes[i];
    EXPECT_EQ(node["id"], "n" + std::to_string(i));
    EXPECT_EQ(node["inputsMetadata"].size(), picture.nodes[i].in.size());
    EXPECT_EQ(node["outputsMetadata"].size(), picture.nodes[i].out.size());
    edges += node["incomingEdges"].size();
    if (node["label"] == "w" && picture.nodes[i].name == "hidden/w") {
      EXPECT_EQ(node["namespace"], "forward/hidden");
      EXPECT_NE(node["attrs"].dump().find("next value"), std::string::npos);
    }
  }
  for (const detail::DrawnEdge& edge : picture.edges)
    expected += edge.kind == detail::EdgeKind::data ? 1 : 0;
  EXPECT_EQ(edges, expected);
  EXPECT_EQ(all["graphs"][0]["groupNodeAttributes"]["forward/hidden"]["parameters"], "9");
}

TEST(ModelExplorer, KeepsStrangeNames) {
  const Strange strange;
  EXPECT_EQ(json::parse(to_model_explorer(strange.graph, strange.options))["label"],
            strange.options.title);
  const json none = json::parse(to_model_explorer(Graph()));
  EXPECT_TRUE(none["graphs"][0]["nodes"].empty());
}

// ---- JSON

TEST(Json, HoldsThePictureAndTheGraph) {
  const XorNetwork network = xor_network();
  const PictureOptions options{.title = "XOR", .fetches = {network.out}, .updates = network.update};
  const json all = json::parse(to_json(network.graph, options));
  const detail::Picture picture = detail::picture_of(network.graph, options);
  EXPECT_EQ(all["version"], 1);
  EXPECT_EQ(all["title"], "XOR");
  ASSERT_EQ(all["nodes"].size(), picture.nodes.size());
  ASSERT_EQ(all["edges"].size(), picture.edges.size());
  ASSERT_EQ(all["clusters"].size(), picture.clusters.size());
  ASSERT_EQ(all["legend"].size(), picture.legend.size());
  for (std::size_t i = 0; i < picture.nodes.size(); ++i) {
    const detail::DrawnNode& drawn = picture.nodes[i];
    const json& node = all["nodes"][i];
    EXPECT_EQ(node["name"], drawn.name);
    EXPECT_EQ(node["count"], drawn.nodes.size());
    ASSERT_EQ(node["nodes"].size(), drawn.nodes.size());
    for (std::size_t k = 0; k < drawn.nodes.size(); ++k) {
      const Node of = network.graph.node(drawn.nodes[k]);
      EXPECT_EQ(node["nodes"][k]["name"], of.name());
      EXPECT_EQ(node["nodes"][k]["op"], std::string(of.op().name()));
      EXPECT_EQ(node["nodes"][k]["place"], to_string(of.where()));
      EXPECT_EQ(node["nodes"][k].contains("latex"), of.kind() == NodeKind::op);
    }
  }
  for (std::size_t i = 0; i < picture.edges.size(); ++i) {
    EXPECT_EQ(all["edges"][i]["from"], picture.edges[i].from);
    EXPECT_EQ(all["edges"][i]["to"], picture.edges[i].to);
  }
}

TEST(Json, HasFormulasOfEquations) {
  const XorNetwork network = xor_network();
  const std::string text =
      to_json(network.graph, {.updates = network.update, .detail = Detail::equations});
  EXPECT_NE(text.find("∂L/∂w_hidden = xᵀδ₁"), std::string::npos) << text;
  EXPECT_NE(text.find("∂L/∂a₂ = a₂ − y"), std::string::npos) << text;
  EXPECT_NE(text.find("w_hidden ← w_hidden − ½ · ∂L/∂w_hidden"), std::string::npos) << text;
}

TEST(Json, KeepsStrangeNames) {
  const Strange strange;
  const json all = json::parse(to_json(strange.graph, strange.options));
  EXPECT_EQ(all["title"], strange.options.title);
  EXPECT_EQ(all["nodes"][0]["name"], strange.name);
}

TEST(Json, OfNothingAndOfOneNode) {
  const json none = json::parse(to_json(Graph()));
  EXPECT_TRUE(none["nodes"].empty());
  EXPECT_TRUE(none["edges"].empty());
  Graph graph;
  graph.input("x", {f64, {}});
  EXPECT_EQ(json::parse(to_json(graph))["nodes"].size(), 1U);
}

// ---- Mermaid

TEST(Mermaid, DrawsTheXorNetwork) {
  const XorNetwork network = xor_network();
  const PictureOptions options{.updates = network.update, .detail = Detail::equations};
  const std::string text = to_mermaid(network.graph, options);
  const detail::Picture picture = detail::picture_of(network.graph, options);
  EXPECT_TRUE(text.starts_with("flowchart TB\n")) << text;
  EXPECT_EQ(occurrences(text, ":::"), picture.nodes.size());
  EXPECT_EQ(occurrences(text, "\n  subgraph ") + occurrences(text, "\n    subgraph "),
            picture.clusters.size());
  EXPECT_EQ(occurrences(text, "subgraph "), occurrences(text, "end\n"));
  std::size_t edges = 0;
  for (const char* arrow : {" -->", " -.->", " -.-", " ==>"}) edges += occurrences(text, arrow);
  edges -= occurrences(text, " -.->");  // counted as a tie too
  EXPECT_EQ(edges, picture.edges.size());
  EXPECT_NE(text.find("= xᵀδ₁"), std::string::npos) << text;
  EXPECT_TRUE(to_mermaid(network.graph, {.left_to_right = true}).starts_with("flowchart LR\n"));
}

TEST(Mermaid, EscapesWhatItWouldRead) {
  const Strange strange;
  const std::string text = to_mermaid(strange.graph, strange.options);
  EXPECT_EQ(text.find("<b>"), std::string::npos) << text;
  EXPECT_EQ(text.find("</script>"), std::string::npos) << text;
  EXPECT_EQ(text.find('`'), std::string::npos) << text;
  EXPECT_NE(text.find("ŷ'#38;"), std::string::npos) << text;
  EXPECT_EQ(to_mermaid(Graph()).find('"'), std::string::npos);
}

// ---- HTML

TEST(Html, IsOnePageThatNeedsNothingElse) {
  const XorNetwork network = xor_network();
  const PictureOptions options{.title = "XOR", .updates = network.update};
  const std::string page = to_html(network.graph, options);
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
  for (const char* other : {"http:", "https:", "src=", "href=", "@import", "url("})
    EXPECT_EQ(page.find(other), std::string::npos) << other;
  const json data = data_of(page, "picture");
  EXPECT_EQ(data["title"], "XOR");
  EXPECT_FALSE(data["nodes"].empty());
  const json settings = data_of(page, "settings");
  EXPECT_EQ(settings["most"], 60);
  EXPECT_EQ(settings["themes"].size(), 2U);
  EXPECT_EQ(settings["themes"][0]["background"], Theme::light().background);
  EXPECT_EQ(page, to_html(network.graph, options));
}

TEST(Html, SaysWhichScopesAreOpenAtFirst) {
  const XorNetwork network = xor_network();
  const auto settings = [&](const PictureOptions& options) {
    return data_of(to_html(network.graph, options), "settings");
  };
  EXPECT_EQ(settings({.open_scopes = 2})["open"], 2);
  EXPECT_EQ(settings({.most_nodes = 7})["most"], 7);
  EXPECT_EQ(settings({.detail = Detail::blocks})["open"], 0);
  EXPECT_EQ(settings({.left_to_right = true})["sideways"], true);
  EXPECT_EQ(settings({.theme = Theme::dark()})["themes"][1]["background"],
            Theme::light().background);
}

TEST(Html, CannotBeLeftByNames) {
  const Strange strange;
  const std::string page = to_html(strange.graph, strange.options);
  EXPECT_EQ(occurrences(page, "<script"), 3U);
  EXPECT_EQ(occurrences(page, "</script>"), 3U);
  EXPECT_EQ(page.find("<!--"), std::string::npos);
  const json data = data_of(page, "picture");
  EXPECT_EQ(data["title"], strange.options.title);
  EXPECT_EQ(data["nodes"][0]["name"], strange.name);
}

// ---- all

TEST(PictureFormats, AreWrittenToFiles) {
  const XorNetwork network = xor_network();
  const auto file = std::filesystem::temp_directory_path() / "dagrad_formats_test";
  const auto read = [&] {
    std::ifstream in(file);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  };
  write_json(file, network.graph);
  EXPECT_EQ(read(), to_json(network.graph));
  write_mermaid(file, network.graph);
  EXPECT_EQ(read(), to_mermaid(network.graph));
  write_html(file, network.graph);
  EXPECT_EQ(read(), to_html(network.graph));
  std::filesystem::remove(file);
  EXPECT_THROWS(write_html("/nowhere/page.html", network.graph), FileError,
                "write_html: '/nowhere/page.html': its directory cannot be opened: "
                "No such file or directory");
}

TEST(PictureFormats, OfVeryManyNodes) {
  constexpr unsigned blocks = sanitized ? 10 : 100;
  Graph graph;
  Value x = graph.input("x", {f32, {4}});
  for (unsigned i = 0; i < blocks; ++i) {
    const Scope scope = graph.scope("block" + std::to_string(i));
    for (int k = 0; k < 1000; ++k) x = k % 2 == 0 ? tanh(x) : x + 1.5;
  }
  const json data = data_of(to_html(graph), "picture");
  EXPECT_EQ(data["clusters"].size(), blocks + 1);
  EXPECT_GE(data["nodes"].size(), 1000 * blocks);
  EXPECT_EQ(occurrences(to_mermaid(graph), "subgraph "), blocks + 1);
}

}  // namespace
}  // namespace dagrad::test
