#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dagrad/dagrad.hpp"
#include "src/pictures/picture.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;
using detail::DrawnNode;
using detail::Picture;
using detail::picture_of;

/// sum(tanh(x · w)) with each node named.
struct Small {
  Graph graph;
  Value x = graph.input("x", {f64, {3}});
  Value w = graph.parameter("w", Tensor(1.0));
  Value product, bent, total;
  Small() {
    const Scope scope = graph.scope("part");
    product = (x * w).named("product");
    bent = tanh(product).named("bent");
    total = sum(bent).named("total");
  }
  Picture with(const Overlay& overlay, PictureOptions options = {}) const {
    options.overlay = overlay;
    return picture_of(graph, options);
  }
};

const DrawnNode& drawn(const Picture& picture, const std::string& name) {
  const auto at = std::ranges::find(picture.nodes, name, &DrawnNode::name);
  if (at == picture.nodes.end()) throw std::out_of_range("not drawn: " + name);
  return *at;
}

const Overlay seconds{.title = "time",
                      .unit = "s",
                      .amounts = {{"part/product", 1e-3}, {"part/bent", 3e-3}, {"absent", 9}}};

TEST(OverlayOfPicture, ColoursNodesFromZeroToTheLargest) {
  const Picture picture = Small().with(seconds);
  EXPECT_EQ(drawn(picture, "part/bent").fill, Theme::light().scale.back());
  EXPECT_EQ(drawn(picture, "part/bent").note, "3 ms");
  EXPECT_EQ(drawn(picture, "part/product").note, "1 ms");
  EXPECT_NE(drawn(picture, "part/product").fill, Theme::light().scale.front());
  EXPECT_EQ(drawn(picture, "part/total").fill, Theme::light().background);
  EXPECT_EQ(drawn(picture, "part/total").note, "");
  ASSERT_EQ(picture.scale.steps.size(), 5U);
  EXPECT_EQ(picture.scale.title, "time");
  EXPECT_EQ(picture.scale.steps.front().note, "0 s");
  EXPECT_EQ(picture.scale.steps.back().note, "3 ms");
  EXPECT_EQ(picture.scale.steps.back().fill, Theme::light().scale.back());
}

TEST(OverlayOfPicture, AddsWhatIsDrawnAsOne) {
  const Picture closed = Small().with(seconds, {.open_scopes = 0});
  EXPECT_EQ(drawn(closed, "part").note, "4 ms");
  Graph graph;
  const Value x = graph.input("x", {f64, {3}}), y = sum(square(tanh(x)));
  const Overlay each{.unit = "B", .amounts = {{"tanh", 1}, {"square", 2}, {"sum", 4}}};
  const Picture equations =
      picture_of(graph, {.fetches = {y}, .detail = Detail::equations, .overlay = each});
  double shown = 0;
  for (const DrawnNode& node : equations.nodes)
    if (!node.note.empty()) shown += std::stod(node.note);
  EXPECT_EQ(shown, 7);
}

TEST(OverlayOfPicture, CountsWhatIsFoldedIntoEdgesOnce) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}}), y = broadcast_like(sum(x), x);
  (void)(sin(y) + cos(y));
  const Picture picture =
      picture_of(graph, {.overlay = Overlay{.amounts = {{"broadcast_like", 5}}}});
  const auto noted = std::ranges::count(picture.nodes, "5", &DrawnNode::note);
  EXPECT_EQ(noted, 1);
}

TEST(OverlayOfPicture, TakesTheLargest) {
  Overlay largest = seconds;
  largest.summed = false;
  EXPECT_EQ(drawn(Small().with(largest, {.open_scopes = 0}), "part").note, "3 ms");
  largest.amounts["part/total"] = std::numeric_limits<double>::quiet_NaN();
  const Picture closed = Small().with(largest, {.open_scopes = 0});
  EXPECT_EQ(drawn(closed, "part").note, "nan s");
  EXPECT_EQ(drawn(closed, "part").fill, Theme::light().scale.back());
}

TEST(OverlayOfPicture, HasLogarithmicScales) {
  const Overlay overlay{.amounts = {{"part/product", 1e-4}, {"part/bent", 1}, {"part/total", 0}},
                        .scale = OverlayScale::logarithmic};
  const Picture picture = Small().with(overlay);
  EXPECT_EQ(drawn(picture, "part/product").fill, Theme::light().scale.front());
  EXPECT_EQ(drawn(picture, "part/total").fill, Theme::light().scale.front());
  EXPECT_EQ(drawn(picture, "part/total").note, "0");
  ASSERT_EQ(picture.scale.steps.size(), 5U);
  EXPECT_EQ(picture.scale.steps[2].note, "0.01");
}

TEST(OverlayOfPicture, NamesClasses) {
  Overlay overlay{.amounts = {{"part/product", 0}, {"part/bent", 2}},
                  .notes = {{"part/bent", "very bad"}},
                  .scale = OverlayScale::classes,
                  .classes = {"good", "fair", "bad"}};
  const Picture picture = Small().with(overlay);
  EXPECT_EQ(drawn(picture, "part/product").note, "good");
  EXPECT_EQ(drawn(picture, "part/bent").note, "very bad");
  ASSERT_EQ(picture.scale.steps.size(), 2U);  // those that occur
  EXPECT_EQ(picture.scale.steps[1].note, "bad");
  EXPECT_EQ(drawn(Small().with(overlay, {.open_scopes = 0}), "part").note, "bad");
  overlay.amounts["x"] = 3;
  EXPECT_THROWS(Small().with(overlay), ArgumentError,
                "to_dot: the overlay gives 'x' the class 3, but its classes are numbered from 0, "
                "and it names 3");
}

TEST(OverlayOfPicture, LeavesMarksAndTheirScaleAlone) {
  const Picture picture = Small().with(seconds, {.marks = {{"part/bent", {"#123456", "mine"}}},
                                                 .scale = {"mine", {{"#123456", "1"}}}});
  EXPECT_EQ(drawn(picture, "part/bent").fill, "#123456");
  EXPECT_EQ(drawn(picture, "part/bent").note, "mine");
  EXPECT_EQ(picture.scale.title, "mine");
}

TEST(OverlayOfPicture, NeedsColours) {
  PictureOptions options;
  options.theme.scale = {};
  EXPECT_THROWS(Small().with(seconds, options), ArgumentError,
                "to_dot: the theme has no colours for an overlay; its scale is empty");
  options.theme.scale = {"red"};
  EXPECT_THROWS(Small().with(seconds, options), ArgumentError,
                "to_dot: the scale of the theme has the colour \"red\", which is not '#' and six "
                "hexadecimal digits");
  options.theme.scale = {"#abcdef"};
  EXPECT_EQ(drawn(Small().with(seconds, options), "part/bent").fill, "#abcdef");
}

TEST(OverlayOfPicture, OfNothingChangesOnlyFills) {
  const Small small;
  const Picture picture = small.with({});
  EXPECT_TRUE(picture.scale.steps.empty());
  EXPECT_EQ(picture.nodes.size(), picture_of(small.graph, {}).nodes.size());
}

TEST(Groups, AreScopesOfTheirOwn) {
  const Small small;
  PictureOptions options{
      .groups = {{"pair", {"part/product", "part/bent", "absent"}}, {"none", {}}}};
  const Picture open = picture_of(small.graph, options);
  const auto pair = std::ranges::find(open.clusters, "pair", &detail::DrawnCluster::title);
  ASSERT_NE(pair, open.clusters.end());
  EXPECT_EQ(pair->name, "part/pair");
  EXPECT_EQ(open.clusters[pair->parent].name, "part");
  EXPECT_EQ(drawn(open, "part/bent").cluster, pair - open.clusters.begin());
  EXPECT_EQ(open.clusters.size(), 3U);
  options.open_scopes = 1;
  const Picture closed = picture_of(small.graph, options);
  EXPECT_EQ(drawn(closed, "part/pair").nodes.size(), 2U);
}

}  // namespace
