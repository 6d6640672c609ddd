#include "dagrad/figures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "dagrad/dagrad.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;
using testing::HasSubstr;

struct Boxed {
  double x, y, width, height;
};

/// The boxes of a figure by the first line of their tips.
std::map<std::string, Boxed> boxes(const std::string& svg) {
  static const std::regex box(
      "<g><title>([^\n<]*)[^<]*</title><rect x=\"([^\"]*)\" y=\"([^\"]*)\" width=\"([^\"]*)\" "
      "height=\"([^\"]*)\"");
  std::map<std::string, Boxed> all;
  for (std::sregex_iterator at(svg.begin(), svg.end(), box), end; at != end; ++at)
    all[(*at)[1]] = {std::stod((*at)[2]), std::stod((*at)[3]), std::stod((*at)[4]),
                     std::stod((*at)[5])};
  return all;
}

TEST(MemoryFigure, ShowsWhereValuesLieAndWhen) {
  Graph graph;
  const Value x = graph.input("x", {f64, {100, 10}});
  const Value a = softmax(x, 1).named("a"), b = softmax(a, 0).named("b");
  const Value y = sum(a + b);
  const PlanExplanation plan = explain_plan(compile(y, {.threads = 1, .passes = {}}));
  const std::string svg = to_memory_svg(plan, {.title = "the <arena>"});
  EXPECT_THAT(svg, HasSubstr("the &lt;arena&gt;"));
  const auto found = boxes(svg);
  ASSERT_TRUE(found.contains("a: float64[100,10], 8 kB")) << svg;
  const Boxed &first = found.at("a: float64[100,10], 8 kB"),
              &second = found.at("b: float64[100,10], 8 kB");
  EXPECT_NEAR(first.height, second.height, 0.02);
  EXPECT_GT(second.x, first.x);
  const bool apart =
      first.y + first.height <= second.y + 0.02 || second.y + second.height <= first.y + 0.02;
  EXPECT_TRUE(apart) << svg;  // both are needed by the sum
  EXPECT_EQ(svg, to_memory_svg(plan, {.title = "the <arena>"}));
}

// Values that are needed at the same step do not overlap, unless one is written over the other.
TEST(PlanExplanation, SaysWhereValuesBegin) {
  Graph graph;
  Value h = graph.input("x", {f64, {50}});
  std::vector<Value> all;
  for (int i = 0; i < 20; ++i) all.push_back(h = cumsum(h * 1.5, 0));
  const Function function = compile(sum(stack(all)), {.threads = 1});
  const PlanExplanation plan = explain_plan(function);
  for (const PlannedValue& a : plan.values) {
    EXPECT_LE(a.begin + a.bytes, plan.arena_bytes);
    for (const PlannedValue& b : plan.values) {
      const bool together = a.first < b.first && b.first < a.last;
      const bool apart = a.begin + a.bytes <= b.begin || b.begin + b.bytes <= a.begin;
      EXPECT_TRUE(!together || apart) << a.name << " and " << b.name;
    }
  }
}

TEST(TimelineFigure, HasARowForEachThread) {
  Profile profile;
  profile.threads = 2;
  profile.nodes.resize(2);
  profile.nodes[0].name = "forward/a";
  profile.nodes[1].name = "b";
  profile.nodes[1].gradient = 1;
  profile.events = {{0, 0, 0, 1e-3}, {1, 1, 5e-4, 5e-4}};
  const std::string svg = to_timeline_svg(profile);
  EXPECT_THAT(svg, HasSubstr(">caller<"));
  EXPECT_THAT(svg, HasSubstr(">helper 1<"));
  EXPECT_THAT(svg, HasSubstr(">400 µs<"));
  const auto found = boxes(svg);
  ASSERT_EQ(found.size(), 2U) << svg;
  EXPECT_NEAR(found.at("forward/a = ").width, 2 * found.at("b = ").width, 0.02);
  EXPECT_GT(found.at("b = ").y, found.at("forward/a = ").y + found.at("forward/a = ").height);
}

TEST(Figures, OfNothingAreEmpty) {
  EXPECT_THAT(to_memory_svg({}), HasSubstr("</svg>"));
  EXPECT_THAT(to_timeline_svg({}), HasSubstr("</svg>"));
}

TEST(Figures, AreNotTooSmall) {
  EXPECT_THROWS(to_memory_svg({}, {.width = 39}), ArgumentError,
                "to_memory_svg: a figure is at least 40 mm wide and high, not 39 × 90 mm");
  EXPECT_THROWS(to_timeline_svg({}, {.height = 0}), ArgumentError,
                "to_timeline_svg: a figure is at least 40 mm wide and high, not 170 × 0 mm");
}

TEST(Figures, AreWrittenToFiles) {
  const auto file = std::filesystem::temp_directory_path() / "dagrad_figure.svg";
  const auto read = [&] {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  };
  write_memory_svg(file, {});
  EXPECT_EQ(read(), to_memory_svg({}));
  write_timeline_svg(file, {});
  EXPECT_EQ(read(), to_timeline_svg({}));
  std::filesystem::remove(file);
  EXPECT_THROW(write_memory_svg("/nowhere/a.svg", {}), FileError);
  EXPECT_THROW(write_timeline_svg("/nowhere/a.svg", {}), FileError);
}

}  // namespace
