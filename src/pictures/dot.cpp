#include "dagrad/dot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "src/io/file_replacement.hpp"
#include "src/pictures/dot_labels.hpp"
#include "src/pictures/dot_text.hpp"
#include "src/pictures/numbers_table.hpp"
#include "src/pictures/paints.hpp"
#include "src/pictures/picture.hpp"
#include "src/pictures/tooltips.hpp"

namespace dagrad {

namespace {

using detail::DotLabels;
using detail::DrawnCluster;
using detail::DrawnEdge;
using detail::DrawnKind;
using detail::DrawnNode;
using detail::EdgeKind;
using detail::paint_of;
using detail::Part;
using detail::Picture;

/// The border of a part, in a picture without colours.
std::string_view line_style(Part part) {
  if (part == Part::forward) return "";
  return part == Part::gradient ? "dashed" : "dotted";
}

struct Outline {
  std::string_view name, style;
};

Outline outline_of(DrawnKind kind) {
  switch (kind) {
    case DrawnKind::input:
      return {"box", "filled"};
    case DrawnKind::parameter:
      return {"cylinder", "filled"};
    case DrawnKind::constant:
      return {"plain", ""};
    case DrawnKind::block:
      return {"folder", "filled"};
    case DrawnKind::op:
    case DrawnKind::equation:
      break;
  }
  return {"box", "rounded,filled"};
}

class DotWriter {
 public:
  DotWriter(const Graph& graph, const Picture& picture, const PictureOptions& options)
      : picture_(picture),
        options_(options),
        theme_(options.theme),
        labels_(picture, options),
        operands_(picture.nodes.size()),
        nodes_in_(picture.clusters.size()),
        clusters_in_(picture.clusters.size()) {
    if (options.tooltips.value_or(false)) tips_.emplace(graph, picture);
    for (const DrawnNode& node : picture.nodes) {
      highest_order_ = std::max(highest_order_, node.order);
      nodes_in_[node.cluster].push_back(index(node));
    }
    for (std::uint32_t i = 0; i < picture.clusters.size(); ++i) {
      const std::uint32_t outer = picture.clusters[i].parent;
      (outer == detail::nothing ? parts_ : clusters_in_[outer]).push_back(i);
    }
    for (const DrawnEdge& edge : picture.edges) {
      if (edge.kind == EdgeKind::data) ++operands_[edge.to];
      if (edge.kind == EdgeKind::data && crosses(edge)) crossing_.insert({edge.from, edge.to});
      if (edge.kind == EdgeKind::update) updated_.insert({edge.from, edge.to});
    }
  }

  std::string text() {
    line("digraph dagrad {{");
    line(
        "  graph [rankdir={}, fontname=\"{}\", fontsize={}, fontcolor=\"{}\", newrank=true, "
        "pad=0.03, "
        "nodesep=0.15, ranksep=0.25, bgcolor=\"{}\"{}];",
        options_.left_to_right ? "LR" : "TB", theme_.font, theme_.text_size, theme_.text,
        theme_.background, size());
    line(
        "  node [fontname=\"{}\", fontsize={}, fontcolor=\"{}\", shape=box, "
        "style=\"rounded,filled\", penwidth=1, width=0.3, height=0.25, margin=\"0.07,0.03\"];",
        theme_.font, theme_.text_size, theme_.text);
    line(
        "  edge [fontname=\"{}\", fontsize={}, fontcolor=\"{}\", color=\"{}\", arrowsize=0.55, "
        "penwidth=0.9];",
        theme_.font, theme_.small_size, theme_.faint, theme_.edge);
    clusters();
    for (const DrawnEdge& edge : picture_.edges) write(edge);
    if (const std::string caption = labels_.caption(); !caption.empty())
      line("  label=<{}>; labelloc=b;", caption);
    line("}}");
    return std::move(out_);
  }

 private:
  template <class... A>
  void line(fmt::format_string<A...> format, A&&... arguments) {
    out_ += fmt::format(format, std::forward<A>(arguments)...);
    out_ += '\n';
  }

  static std::string quoted(const std::string& text) {
    constexpr std::size_t longest = 2000;  // bytes
    return detail::quoted_text(text, longest);
  }

  std::uint32_t index(const DrawnNode& node) const {
    return static_cast<std::uint32_t>(&node - picture_.nodes.data());
  }
  const DrawnNode& node(std::uint32_t index) const { return picture_.nodes[index]; }

  std::string size() const {
    constexpr double inch = 25.4, endless = 1e4;  // in millimetres
    if (!options_.width && !options_.height) return {};
    return fmt::format(", size=\"{:.3f},{:.3f}\"", options_.width.value_or(endless) / inch,
                       options_.height.value_or(endless) / inch);
  }

  /// A node may be drawn several times (as a constant), so that its id is not always its own.
  std::string id(std::uint32_t drawn) const {
    const DrawnNode& one = node(drawn);
    return one.kind == DrawnKind::constant && one.nodes.size() == 1 && picture_has_copies(one)
               ? fmt::format("c{}", drawn)
               : fmt::format("n{}", one.node);
  }
  bool picture_has_copies(const DrawnNode& one) const {
    return options_.constants != Constants::shared && !one.fetched;
  }

  // ---- nodes and clusters

  /// Whether a part is laid out from the bottom to the top: the gradient is drawn beside the
  /// forward computation in the opposite direction, each node beside its forward node.
  bool mirrored(const DrawnNode& one) const {
    if (one.part == Part::forward) return false;
    return one.part == Part::gradient ? one.order == 1 : highest_order_ == 1;
  }

  /// Whether an edge leads from one part to another that is not drawn in line with it.
  bool crosses(const DrawnEdge& edge) const {
    const DrawnNode &from = node(edge.from), &to = node(edge.to);
    if (from.part == to.part && from.order == to.order) return false;
    if (highest_order_ == 0) return false;
    if (from.part == Part::forward || to.part == Part::forward) return true;
    return from.order != to.order && to.part == Part::gradient ? true
                                                               : mirrored(from) != mirrored(to);
  }

  DotLabels::Side operand_side(const DrawnNode& one) const {
    using Side = DotLabels::Side;
    if (one.kind != DrawnKind::op || operands_[index(one)] < 2) return Side::none;
    if (options_.left_to_right) return mirrored(one) ? Side::right : Side::left;
    return mirrored(one) ? Side::bottom : Side::top;
  }

  void clusters() {
    struct Open {
      std::uint32_t cluster;
      std::size_t next = 0;
    };
    std::vector<Open> open;
    const auto begin = [&](std::uint32_t cluster) {
      begin_cluster(cluster, open.size());
      open.push_back({cluster});
      for (const std::uint32_t one : nodes_in_[cluster]) write(node(one), open.size());
    };
    for (const std::uint32_t part : parts_) {
      begin(part);
      while (!open.empty()) {
        Open& at = open.back();
        if (at.next < clusters_in_[at.cluster].size()) {
          begin(clusters_in_[at.cluster][at.next++]);
        } else {
          open.pop_back();
          line("{}}}", indent(open.size()));
        }
      }
    }
  }

  static std::string indent(std::size_t depth) { return std::string(2 * depth + 2, ' '); }

  void begin_cluster(std::uint32_t index, std::size_t depth) {
    const DrawnCluster& cluster = picture_.clusters[index];
    const Paint& paint = paint_of(cluster.part, theme_);
    line("{}subgraph \"cluster_{}\" {{", indent(depth), index);
    const std::string tip = tips_ ? "tooltip=" + quoted(tips_->cluster(cluster)) + "; " : "";
    line(
        "{}  {}label=<{}>; style=\"rounded\"; color=\"{}\"; fontcolor=\"{}\"; labeljust=l; "
        "labelloc=t; margin=6; peripheries=1; penwidth={};",
        indent(depth), tip, labels_.cluster(cluster), paint.line, paint.text,
        cluster.repeats > 1 ? 2
        : depth == 0        ? 1
                            : 0.6);
  }

  void write(const DrawnNode& one, std::size_t depth) {
    const Paint& paint = paint_of(one, theme_);
    const Outline shape = outline_of(one.kind);
    std::string style(shape.style);
    if (theme_.line_styles && !line_style(one.part).empty() && shape.name != "plain")
      style.append(",").append(line_style(one.part));
    std::string more;
    if (one.fetched) more += fmt::format(", peripheries=2, color=\"{}\"", theme_.fetch);
    if (shape.name == "plain") more += fmt::format(", fontcolor=\"{}\"", paint.text);
    if (tips_) more += ", tooltip=" + quoted(tips_->node(one));
    if (!one.link.empty()) more += ", URL=" + quoted(one.link);
    if (shape.name == "plain" && !one.fill.empty()) style = "filled";
    line("{}{} [shape={}, style=\"{}\", fillcolor=\"{}\", color=\"{}\", label=<{}>{}];",
         indent(depth), id(index(one)), shape.name, style, one.fill.empty() ? paint.fill : one.fill,
         paint.line, labels_.node(one, operand_side(one)), more);
  }

  // ---- edges

  void write(const DrawnEdge& edge) {
    const DrawnNode &from = node(edge.from), &to = node(edge.to);
    if (!shown_once(edge)) return;
    std::string style;
    const auto add = [&](const std::string& text) { style += (style.empty() ? "" : ", ") + text; };
    bool reversed = false;
    switch (edge.kind) {
      case EdgeKind::type_only:
        add(fmt::format("style=dotted, arrowhead=empty, arrowtail=empty, color=\"{}\"",
                        theme_.faint));
        [[fallthrough]];
      case EdgeKind::data:
        if (crosses(edge) && updated_.contains({edge.to, edge.from}) && port(edge).empty()) return;
        if (crosses(edge))
          add_crossing(edge, add);
        else
          reversed = mirrored(from) && mirrored(to);
        break;
      case EdgeKind::next:
        if (crosses(edge)) {
          if (crossing_.contains({edge.from, edge.to})) return;
          add_crossing(edge, add);
          break;
        }
        add(fmt::format("constraint=false, penwidth=1.8, color=\"{}\"",
                        paint_of(from.part, theme_).line));
        break;
      case EdgeKind::update:
        add(fmt::format(
            "constraint=false, style=dashed, color=\"{}\"{}", theme_.update.line,
            crossing_.contains({edge.to, edge.from}) ? ", dir=both, arrowtail=empty" : ""));
        break;
      case EdgeKind::tie:
        if (crossing_.contains({edge.from, edge.to})) return;
        add(to.kind == DrawnKind::op
                ? fmt::format("style=dashed, arrowhead=none, color=\"{}\", penwidth=0.6",
                              theme_.gradient.line)
                : "style=invis");
        add(to.order == 1 ? "minlen=0, weight=4" : "constraint=false");
    }
    if (reversed) add("dir=back");
    if (!edge.label.empty())
      add(fmt::format("label=\" {}\"", edge.label));
    else if (from.out.size() > 1 && from.kind == DrawnKind::op && edge.kind != EdgeKind::tie)
      add(fmt::format("label=\" {}\"", edge.from_port));
    if (tips_ && edge.kind != EdgeKind::tie) add("tooltip=" + quoted(tips_->edge(edge)));
    const std::string tail = id(edge.from), head = id(edge.to) + port(edge);
    line("  {} -> {}{};", reversed ? head : tail, reversed ? tail : head,
         style.empty() ? "" : " [" + style + "]");
  }

  /// An edge between parts does not affect the layout, but that a node of the gradient is drawn
  /// beside its forward node.
  template <class Add>
  void add_crossing(const DrawnEdge& edge, const Add& add) const {
    const DrawnNode& to = node(edge.to);
    const bool partner = options_.ties && to.forward == edge.from && to.order == 1;
    add(partner ? "minlen=0, weight=4" : "constraint=false");
    if (edge.kind != EdgeKind::type_only)
      add(fmt::format("color=\"{}\", penwidth=0.6", theme_.faint));
  }

  /// Several values that go from one node to another are one line, unless they arrive at different
  /// operands of an op.
  bool shown_once(const DrawnEdge& edge) {
    const bool by_port = node(edge.to).kind == DrawnKind::op;
    return lines_.insert(
        {edge.from, edge.to, static_cast<std::uint32_t>(edge.kind), by_port ? edge.to_port : 0});
  }

  std::string port(const DrawnEdge& edge) const {
    const DrawnNode& to = node(edge.to);
    const bool has_port = edge.kind == EdgeKind::data || edge.kind == EdgeKind::next;
    if (!has_port || operand_side(to) == DotLabels::Side::none) return {};
    return fmt::format(":i{}", edge.to_port);
  }

  const Picture& picture_;
  const PictureOptions& options_;
  const Theme& theme_;
  DotLabels labels_;
  std::optional<detail::Tooltips> tips_;
  std::vector<std::size_t> operands_;  ///< by drawn node: number of data edges that arrive
  std::vector<std::vector<std::uint32_t>> nodes_in_, clusters_in_;  ///< by cluster
  std::vector<std::uint32_t> parts_;
  int highest_order_ = 0;
  detail::NumbersTable<2> crossing_;  ///< nodes joined by data edges between parts
  detail::NumbersTable<2> updated_;   ///< nodes joined by update edges
  detail::NumbersTable<4> lines_;
  std::string out_;
};

}  // namespace

std::string to_dot(const Graph& graph, const PictureOptions& options) {
  const Picture picture = detail::picture_of(graph, options);
  return DotWriter(graph, picture, options).text();
}

void write_dot(const std::filesystem::path& file, const Graph& graph,
               const PictureOptions& options) {
  detail::write_file(file, "write_dot", {to_dot(graph, options)});
}

}  // namespace dagrad
