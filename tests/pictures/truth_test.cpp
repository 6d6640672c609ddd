// Whether pictures tell the truth about their graphs, whatever is folded.

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <regex>
#include <set>
#include <tuple>

#include "dagrad/dot.hpp"
#include "src/pictures/picture.hpp"
#include "src/pictures/wildcard.hpp"
#include "tests/pictures/random_picture.hpp"
#include "tests/random_graphs.hpp"
#include "tests/sanitized.hpp"

namespace dagrad::test {
namespace {

using detail::DrawnEdge;
using detail::DrawnKind;
using detail::DrawnNode;
using detail::EdgeKind;
using detail::nothing;
using detail::Picture;

/// Reads a graph and its picture without any of the code that draws it.
class Truth {
 public:
  Truth(const RandomPicture& random, const Picture& picture)
      : options_(random.options), picture_(picture), shown_in_(random.graph.size(), nothing) {
    for (const Node& node : random.graph.nodes()) nodes_.push_back(node);
    for (std::uint32_t i = 0; i < picture.nodes.size(); ++i)
      for (const std::uint32_t id : picture.nodes[i].nodes)
        if (picture.nodes[i].kind != DrawnKind::constant ||
            options_.constants == Constants::shared || picture.nodes[i].fetched)
          shown_in_[id] = i;
    for (std::uint32_t id = 0; id < nodes_.size(); ++id)
      if (shown_in_[id] != nothing) follow(id, id, {});
  }

  /// What is wrong with the picture; empty if nothing is.
  std::string fault() const {
    std::set<std::pair<std::uint32_t, std::uint32_t>> drawn;
    for (const DrawnEdge& edge : picture_.edges) {
      if (edge.kind == EdgeKind::update) {
        if (!is_update(edge)) return "no such update: " + text(edge);
        continue;
      }
      if (edge.kind == EdgeKind::tie || edge.kind == EdgeKind::type_only) continue;
      const DrawnNode& from = picture_.nodes[edge.from];
      if (from.kind == DrawnKind::constant && !options_.fetches.empty() && !shared(from)) continue;
      if (!paths_.contains({edge.from, edge.to})) return "no path for " + text(edge);
      if (edge.kind == EdgeKind::next && (from.nodes.size() < 2 || !repeats(edge.from, edge.to)))
        return "does not go from one repeat to another: " + text(edge);
      if (picture_.nodes[edge.to].kind == DrawnKind::op &&
          !ends_.contains({edge.from, edge.to, edge.to_port}))
        return "arrives at another operand: " + text(edge);
      drawn.insert({edge.from, edge.to});
    }
    for (const auto& path : paths_)
      if (path.first != path.second && !drawn.contains(path))
        return "no edge from " + name(path.first) + " to " + name(path.second);
    return missing();
  }

 private:
  bool shared(const DrawnNode& node) const { return shown_in_[node.node] != nothing; }

  /// Records the drawn nodes from which data reaches `user` at `at` through nodes that are not
  /// drawn.
  void follow(std::uint32_t user, std::uint32_t at, std::optional<std::uint32_t> operand) {
    const std::vector<Value> operands = nodes_[at].operands();
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const std::uint32_t from = operands[i].node_id();
      if (nodes_[at].type_only(i)) continue;
      if (shown_in_[from] == nothing) {
        if (!left_out(from)) follow(user, from, operand.value_or(static_cast<std::uint32_t>(i)));
        continue;
      }
      ends_.insert(
          {shown_in_[from], shown_in_[user], operand.value_or(static_cast<std::uint32_t>(i))});
      paths_.insert({shown_in_[from], shown_in_[user]});
    }
  }

  /// Whether both nodes are drawn for equal scopes: they have as many counterparts.
  bool repeats(std::uint32_t from, std::uint32_t to) const {
    return outer_repeats(from) > 1 && outer_repeats(to) > 1;
  }
  std::uint32_t outer_repeats(std::uint32_t drawn) const {
    std::uint32_t repeats = picture_.nodes[drawn].repeats;
    for (std::uint32_t at = picture_.nodes[drawn].cluster; at != nothing;
         at = picture_.clusters[at].parent)
      repeats *= picture_.clusters[at].repeats;
    return repeats;
  }

  bool left_out(std::uint32_t id) const {
    return std::any_of(
        options_.left_out.begin(), options_.left_out.end(),
        [&](const auto& pattern) { return detail::fits_within(pattern, nodes_[id].name()); });
  }

  bool is_update(const DrawnEdge& edge) const {
    return std::any_of(options_.updates.begin(), options_.updates.end(), [&](const Update& update) {
      return shown_in_[update.next.node_id()] == edge.from &&
             shown_in_[update.parameter.node_id()] == edge.to;
    });
  }

  /// A node that is nowhere, although nothing in the options says so.
  std::string missing() const {
    if (options_.only_needed || !options_.left_out.empty()) return {};
    for (const Node& node : nodes_) {
      if (shown_in_[node.id()] != nothing || node.kind() == NodeKind::constant) continue;
      const std::string op(node.op().name());
      // The gradient of a mean divides by a count, which is written as a number.
      const bool changes_shape = op.ends_with("_like") || op.ends_with("squeeze");
      const bool carries_shape = options_.fold_shapes && (changes_shape || op == "div");
      if (!carries_shape) return "not drawn: " + node.name();
    }
    return {};
  }

  std::string name(std::uint32_t drawn) const {
    const DrawnNode& node = picture_.nodes[drawn];
    return node.name + " (" + node.title + ")";
  }
  std::string text(const DrawnEdge& edge) const { return name(edge.from) + " -> " + name(edge.to); }

  const PictureOptions& options_;
  const Picture& picture_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> shown_in_;  ///< by node: the drawn node
  std::set<std::pair<std::uint32_t, std::uint32_t>> paths_;
  /// The same with the number of the operand.
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> ends_;
};

/// The arrows of Graphviz's text, from id to id.
std::set<std::pair<std::string, std::string>> arrows(const std::string& dot) {
  std::set<std::pair<std::string, std::string>> found;
  static const std::regex arrow("\n  ([nc]\\d+)(?::\\w+)? -> ([nc]\\d+)(?::\\w+)?([^\n]*)");
  for (std::sregex_iterator at(dot.begin(), dot.end(), arrow), end; at != end; ++at) {
    const std::string tail = (*at)[1], head = (*at)[2], style = (*at)[3];
    const auto has = [&](const char* text) { return style.find(text) != style.npos; };
    if (has("arrowhead=none") || has("style=invis")) continue;
    if (!has("dir=back")) found.insert({tail, head});
    if (has("dir=back") || has("dir=both")) found.insert({head, tail});
  }
  return found;
}

TEST(Truth, HoldsForRandomGraphsAndFoldings) {
  const unsigned graphs = random_graphs(sanitized ? 500 : 10'000);
  std::size_t edges = 0, repeated = 0, equations = 0, blocks = 0;
  for (unsigned seed = 0; seed < graphs; ++seed) {
    const RandomPicture random = random_picture(seed);
    const Picture picture = detail::picture_of(random.graph, random.options);
    ASSERT_EQ(Truth(random, picture).fault(), "")
        << "seed " << seed << "\n"
        << random.graph << to_dot(random.graph, random.options);
    for (const DrawnEdge& edge : picture.edges)
      ++edges, repeated += edge.kind == EdgeKind::next ? 1 : 0;
    for (const DrawnNode& node : picture.nodes) {
      blocks += node.kind == DrawnKind::block ? 1 : 0;
      equations += node.kind == DrawnKind::equation ? 1 : 0;
    }
  }
  // The graphs are no use if nothing is folded.
  EXPECT_GT(edges, 20 * graphs);
  EXPECT_GT(repeated, graphs / 20);
  EXPECT_GT(equations, graphs);
  EXPECT_GT(blocks, graphs);
}

TEST(Truth, IsWrittenToGraphviz) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    const RandomPicture random = random_picture(seed);
    const Picture picture = detail::picture_of(random.graph, random.options);
    const std::string dot = to_dot(random.graph, random.options);
    const auto id = [&](std::uint32_t drawn) {
      const std::string copy = "c" + std::to_string(drawn);
      return dot.find(" " + copy + " [") != dot.npos
                 ? copy
                 : "n" + std::to_string(picture.nodes[drawn].node);
    };
    std::set<std::pair<std::string, std::string>> drawn;
    for (const DrawnEdge& edge : picture.edges)
      if (edge.kind != EdgeKind::tie) drawn.insert({id(edge.from), id(edge.to)});
    EXPECT_EQ(arrows(dot), drawn) << "seed " << seed;
  }
}

TEST(Truth, IsTheSameEachTime) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const RandomPicture once = random_picture(seed), again = random_picture(seed);
    EXPECT_EQ(to_dot(once.graph, once.options), to_dot(again.graph, again.options));
  }
}

}  // namespace
}  // namespace dagrad::test
