#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "dagrad/dagrad.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;
using testing::HasSubstr;
using testing::Not;

struct Small {
  Graph graph;
  Value y;
  Small() {
    const Value x = graph.input("x", {f64, {4, 3}}, {"my model.cpp", 7});
    y = softmax(x, 1).named("a'b&c");
  }
};

TEST(Tooltips, AreWrittenOnRequest) {
  const Small small;
  EXPECT_THAT(to_dot(small.graph), Not(HasSubstr("tooltip")));
  const std::string text = to_dot(small.graph, {.tooltips = true});
  EXPECT_THAT(text, HasSubstr("tooltip=\"x = input : float64[4,3]\\nmy model.cpp:7\""));
  EXPECT_THAT(text, HasSubstr("softmax : float64[4,3]\\naxis=1\\n"));
  EXPECT_THAT(text, HasSubstr("a'b&amp;c"));
  EXPECT_THAT(text, HasSubstr("tooltip=\"forward\""));
}

TEST(Tooltips, AreInSvgFiles) {
  const Small small;
  const auto file = std::filesystem::temp_directory_path() / "dagrad_tooltips.svg";
  const auto read = [&] {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  };
  write_svg(file, small.graph, {.link = "https://example.org/{file}#L{line}"});
  EXPECT_THAT(read(), HasSubstr("xlink:href=\"https://example.org/my%20model.cpp#L7\""));
  EXPECT_THAT(read(), HasSubstr("float64[4,3]&#10;my model.cpp:7"));
  write_svg(file, small.graph, {.tooltips = false});
  EXPECT_THAT(read(), Not(HasSubstr("float64[4,3]")));
  std::filesystem::remove(file);
}

TEST(Tooltips, TellOfJoinedNodesAndClosedScopes) {
  Graph graph;
  Value h = graph.input("x", {f64, {3}});
  {
    const Scope scope = graph.scope("layer");
    const Value w = graph.parameter("w", Tensor(Type{f64, {3}}));
    h = tanh(h * w);
  }
  const std::string closed = to_dot(graph, {.open_scopes = 0, .tooltips = true});
  EXPECT_THAT(closed, HasSubstr("tooltip=\"layer\\n3 nodes\\n3 parameters\""));
  const std::string joined = to_dot(graph, {.detail = Detail::equations, .tooltips = true});
  EXPECT_THAT(joined, HasSubstr("tanh(x ⊙ w)\\n\\nlayer/mul = mul"));
}

TEST(Links, ReplaceWhatStandsForANode) {
  const Small small;
  const std::string text = to_dot(small.graph, {.link = "?q={op}&n={name}"});
  EXPECT_THAT(text, HasSubstr("URL=\"?q=softmax&amp;n=a%27b%26c\""));
  EXPECT_THAT(to_dot(small.graph, {.link = "a\"b\\c"}), HasSubstr(R"(URL="a\"b\\c")"));
  EXPECT_THAT(to_json(small.graph, {.link = "{file}"}), HasSubstr("\"link\":\"my%20model.cpp\""));
}

TEST(Links, AreLeftOutWhereANodeHasNoLine) {
  Graph graph;
  (void)graph.input("x", {f64, {}}, {});
  EXPECT_THAT(to_dot(graph, {.link = "{file}"}), Not(HasSubstr("URL")));
}

TEST(Links, HaveOnlyKnownFields) {
  EXPECT_THROWS(to_dot(Small().graph, {.link = "{what}"}), ArgumentError,
                "to_dot: the link has {what}, which is not {file}, {line}, {name} or {op}");
}

}  // namespace
