#include "dagrad/dot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

#include "src/graph/view.hpp"
#include "src/io/dot_text.hpp"

namespace dagrad {

namespace {

using detail::label_text;

/// Shape and colours of one kind of node. Forward ops are blue and backward ones orange; leaves are
/// green, violet and grey.
struct Look {
  std::string_view shape, fill, line;
};
constexpr Look input_look{"invhouse", "#e3f4e3", "#3d8b40"};
constexpr Look parameter_look{"cylinder", "#efe6f8", "#7e57b0"};
constexpr Look constant_look{"box", "#f4f4f4", "#9a9a9a"};
constexpr Look forward_look{"box", "#e7f0fa", "#3f74b0"};
constexpr Look backward_look{"box", "#fdeedd", "#d07a1f"};
constexpr std::string_view closed_shape = "folder";
constexpr std::string_view fetch_line = "#c0272d";

// The most bytes of texts; longer ones are cut in the middle. Ids are not visible in the picture.
constexpr std::size_t longest_title = 2000, longest_name = 120, longest_detail = 48,
                      longest_id = 1000;
constexpr std::size_t most_open = 100;  // Graphviz cannot read much deeper nesting

Look look_of(const Node& node, std::size_t order) {
  switch (node.kind()) {
    case NodeKind::input:
      return input_look;
    case NodeKind::parameter:
      return parameter_look;
    case NodeKind::constant:
      return constant_look;
    case NodeKind::op:
      break;
  }
  return order == 0 ? forward_look : backward_look;
}

/// A short form of the attributes: a flag that is set is given by its name, one that is not set is
/// left out, and a formula has no title.
std::string attributes_of(const Op& op) {
  std::string text;
  op.visit_attributes([&](std::string_view name, const Attribute& value) {
    const bool* const flag = std::get_if<bool>(&value);
    if (flag && !*flag) return;
    if (!text.empty()) text += ", ";
    if (!std::holds_alternative<ProgramPtr>(value)) text.append(name).append(flag ? "" : "=");
    if (!flag) text += attribute_text(value);
  });
  return text;
}

void require_colour(const std::string& marked, std::string_view fill) {
  const bool hexadecimal = fill.find_first_not_of("0123456789abcdefABCDEF", 1) == fill.npos;
  if (!fill.empty() && (fill.size() != 7 || fill[0] != '#' || !hexadecimal))
    throw ArgumentError(
        fmt::format("to_dot: the mark of '{}' has the fill \"{}\", which is not '#' "
                    "and six hexadecimal digits",
                    marked, fill));
}

/// A scope within one order of differentiation: its nodes and, by name, the scopes inside it. If it
/// is drawn as one node, it also holds the nodes of those.
struct Cluster {
  std::vector<std::uint32_t> nodes;
  std::map<std::string, std::size_t> inner;  ///< index in the list of this order
};

/// The scopes of one order of differentiation; the first is the top level.
class Clusters {
 public:
  /// Scopes nested deeper than `open` levels are kept as single clusters.
  explicit Clusters(std::size_t open) : open_(open), all_(1) {}

  void add(std::uint32_t node, const std::string& scope) {
    const auto [at, fresh] = known_.try_emplace(scope, 0);
    if (fresh) at->second = find(scope);
    all_[at->second].nodes.push_back(node);
  }
  const Cluster& operator[](std::size_t i) const { return all_[i]; }

 private:
  std::size_t find(std::string_view scope) {
    std::size_t at = 0;
    for (std::size_t depth = 0; depth <= open_ && !scope.empty(); ++depth) {
      const std::size_t end = std::min(scope.find('/'), scope.size());
      const auto [inner, fresh] =
          all_[at].inner.try_emplace(std::string(scope.substr(0, end)), all_.size());
      at = inner->second;
      if (fresh) all_.emplace_back();
      scope.remove_prefix(std::min(end + 1, scope.size()));
    }
    return at;
  }

  std::size_t open_;
  std::vector<Cluster> all_;
  std::unordered_map<std::string, std::size_t> known_;  ///< by full scope name
};

class Drawing {
 public:
  Drawing(const Graph& graph, const PictureOptions& options)
      : graph_(graph),
        view_(graph),
        options_(options),
        open_(std::min(options.open_scopes.value_or(most_open), most_open)),
        drawn_(graph.size(), true),
        fetched_(graph.size()),
        closed_(graph.size()),
        drawn_as_(graph.size()) {
    std::iota(drawn_as_.begin(), drawn_as_.end(), 0U);
    for (const Value& fetch : options.fetches) {
      if (&detail::Access::data(fetch) != &detail::Access::data(graph))
        throw GraphError("to_dot: the fetch '" + fetch.name() + "' belongs to another graph");
      fetched_[fetch.node_id()] = true;
    }
    if (options.only_needed) keep_needed();
    for (const auto& [name, mark] : options.marks) require_colour(name, mark.fill);
  }

  std::string text() {
    line("digraph dagrad {{");
    line(
        "  graph [rankdir={}, fontname=\"Helvetica,Arial,sans-serif\", fontsize=13, newrank=true, "
        "nodesep=0.25, ranksep=0.35, bgcolor=white];",
        options_.left_to_right ? "LR" : "TB");
    line(
        "  node [fontname=\"Helvetica,Arial,sans-serif\", fontsize=11, style=\"filled,rounded\", "
        "penwidth=1.2, margin=\"0.12,0.06\"];");
    line(
        "  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=9, color=\"#555555\", "
        "arrowsize=0.7];");
    clusters();
    edges();
    if (options_.legend) legend();
    if (!options_.title.empty())
      line("  graph [label=<<b>{}</b>>, labelloc=t, fontsize=16];",
           label_text(options_.title, longest_title));
    line("}}");
    return fmt::to_string(out_);
  }

 private:
  template <class... A>
  void line(fmt::format_string<A...> format, A&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<A>(arguments)...);
    out_.push_back('\n');
  }

  void keep_needed() {
    drawn_ = fetched_;
    for (std::uint32_t id = view_.size(); id-- > 0;)
      if (drawn_[id])
        for (const detail::Edge& edge : view_.operands(id)) drawn_[edge.node] = true;
  }

  void clusters() {
    std::vector<Clusters> orders;
    for (std::uint32_t id = 0; id < view_.size(); ++id) {
      if (!drawn_[id]) continue;
      const auto at = static_cast<std::size_t>(graph_.node(id).gradient_order());
      while (orders.size() <= at) orders.emplace_back(open_);
      orders[at].add(id, graph_.node(id).scope());
    }
    for (std::size_t at = 0; at < orders.size(); ++at) write(orders[at], at);
  }

  /// A cluster whose beginning has been written, and the next of its inner clusters.
  struct Open {
    const Cluster* cluster;
    std::map<std::string, std::size_t>::const_iterator next;
    std::string id;
  };

  void write(const Clusters& clusters, std::size_t at) {
    std::vector<Open> open;
    const auto begin = [&](const Cluster& cluster, std::string id, const std::string& title) {
      begin_cluster(id, title, at, open.size());
      for (const std::uint32_t node : cluster.nodes) write(node, indent(open.size() + 1), at);
      open.push_back({&cluster, cluster.inner.begin(), std::move(id)});
    };
    begin(clusters[0], fmt::format("cluster_{}", at),
          at == 0   ? "forward"
          : at == 1 ? "backward"
                    : fmt::format("backward, order {}", at));
    while (!open.empty()) {
      if (open.back().next == open.back().cluster->inner.end()) {
        open.pop_back();
        line("{}}}", indent(open.size()));
        continue;
      }
      const auto& [name, inner] = *open.back().next++;
      if (open.size() > open_)
        write_closed(clusters[inner], name, open.size(), at);
      else
        begin(clusters[inner], id_within(open.back().id, name), name);
    }
  }

  static std::string indent(std::size_t depth) { return std::string(2 * depth + 2, ' '); }

  /// The path of a scope, or a number if the path is too long for Graphviz.
  std::string id_within(const std::string& id, const std::string& name) {
    if (id.size() + name.size() < longest_id) return fmt::format("{}/{}", id, name);
    return fmt::format("cluster_#{}", long_ids_++);
  }

  void begin_cluster(const std::string& id, const std::string& title, std::size_t at,
                     std::size_t depth) {
    const std::string_view colour = (at == 0 ? forward_look : backward_look).line;
    const bool top = depth == 0;
    line("{}subgraph \"{}\" {{", indent(depth), id);
    line(
        "{}  label=<{}{}{}>; style=\"{}\"; color=\"{}\"; fontcolor=\"{}\"; labeljust=l; margin=12;",
        indent(depth), top ? "<b>" : "", label_text(title, longest_name), top ? "</b>" : "",
        top ? "rounded" : "rounded,dashed", colour, colour);
  }

  /// Writes a cluster as one node, which stands for everything in it.
  void write_closed(const Cluster& cluster, const std::string& name, std::size_t depth,
                    std::size_t at) {
    const std::vector<std::uint32_t>& all = cluster.nodes;
    const std::uint32_t first = *std::min_element(all.begin(), all.end());
    for (const std::uint32_t id : all) {
      closed_[id] = true;
      drawn_as_[id] = first;
    }
    const bool fetched =
        std::any_of(all.begin(), all.end(), [&](std::uint32_t id) { return fetched_[id]; });
    const Look& look = at == 0 ? forward_look : backward_look;
    const std::string count = fmt::format("{} node{}", all.size(), all.size() == 1 ? "" : "s");
    write_node(first, indent(depth), {closed_shape, look.fill, look.line}, fetched,
               {name, "", count, scope_of(first, depth)});
  }

  /// The name of the scope at this depth around a node; 1 is the outermost.
  std::string scope_of(std::uint32_t node, std::size_t depth) const {
    const std::string scope = graph_.node(node).scope();
    std::size_t end = scope.find('/');
    for (; depth > 1 && end != std::string::npos; --depth) end = scope.find('/', end + 1);
    return scope.substr(0, end);
  }

  void write(std::uint32_t id, const std::string& indent, std::size_t at) {
    const Node node = graph_.node(id);
    const Look look = look_of(node, at);
    std::string title(node.op().name());
    std::string details;
    if (node.has_user_name() || node.kind() != NodeKind::op) {
      const std::string full = node.name();
      title = full.substr(node.scope().empty() ? 0 : node.scope().size() + 1);
      details = std::string(node.op().name());
    }
    if (node.kind() == NodeKind::constant && node.output().size() == 1) {
      title = attribute_text(node.tensor().reshaped({}));
      details.clear();
    }
    if (const std::string attributes = attributes_of(node.op()); !attributes.empty())
      details += (details.empty() ? "" : " ") + attributes;
    std::string types;
    for (std::size_t port = 0; port < node.outputs(); ++port)
      types += (port ? ", " : "") + to_string(node.output(port).type());
    write_node(id, indent, look, fetched_[id], {title, details, types, node.name()});
  }

  /// What a node shows, and the name under which it is marked.
  struct Texts {
    std::string_view title, details, types;
    const std::string& name;
  };

  void write_node(std::uint32_t id, const std::string& indent, const Look& look, bool fetched,
                  const Texts& texts) {
    const auto mark = options_.marks.find(texts.name);
    const bool marked = mark != options_.marks.end();
    const std::string_view fill =
        marked && !mark->second.fill.empty() ? mark->second.fill : look.fill;
    std::string label = "<b>" + label_text(texts.title, longest_name) + "</b>";
    const auto add = [&](std::string_view text, std::string_view colour) {
      if (!text.empty())
        label += fmt::format("<br/><font point-size=\"9\"{}>{}</font>", colour,
                             label_text(text, longest_detail));
    };
    add(texts.details, "");
    add(texts.types, " color=\"#666666\"");
    if (marked) add(mark->second.note, "");
    line("{}n{} [shape={}, fillcolor=\"{}\", color=\"{}\", label=<{}>{}];", indent, id, look.shape,
         fill, fetched ? fetch_line : look.line, label,
         fetched ? ", peripheries=2, penwidth=1.6" : "");
  }

  /// The gradient is drawn beside the forward computation in the opposite direction, each node
  /// beside its forward node: edges within it are laid out in reverse, and edges between the two do
  /// not affect the layout.
  void edges() {
    for (std::uint32_t id = 0; id < view_.size(); ++id) {
      if (!drawn_[id]) continue;
      const int order = graph_.node(id).gradient_order();
      for (const detail::Edge& edge : view_.operands(id)) {
        const int from = graph_.node(edge.node).gradient_order();
        std::string style;
        const auto add = [&](std::string_view text) {
          style += (style.empty() ? "" : ", ") + std::string(text);
        };
        if (edge.type_only)
          add("style=dotted, arrowhead=empty, arrowtail=empty, color=\"#999999\"");
        if (view_.results(edge.node).size() > 1 && !closed_[edge.node])
          add(fmt::format("label=\" {}\"", edge.port));
        const bool reversed = order == 1 && from == 1;
        if (reversed) add("dir=back");
        if (from != order)
          add(edge.type_only ? "constraint=false" : "constraint=false, color=\"#b9b9b9\"");
        write_edge(reversed ? id : edge.node, reversed ? edge.node : id,
                   style.empty() ? "" : " [" + style + "]");
      }
      const auto forward = graph_.node(id).forward_node();
      if (options_.ties && forward && drawn_[*forward])
        write_edge(
            *forward, id,
            fmt::format(" [style=dashed, arrowhead=none, color=\"#e3b27c\", penwidth=0.8, {}]",
                        order == 1 ? "minlen=0, weight=4" : "constraint=false"));
    }
  }

  /// Leaves out edges within a closed scope, and writes equal edges to or from a closed scope only
  /// once.
  void write_edge(std::uint32_t from, std::uint32_t to, const std::string& style) {
    const bool ends_closed = closed_[from] || closed_[to];
    const std::string text = fmt::format("  n{} -> n{}{};", drawn_as_[from], drawn_as_[to], style);
    if (drawn_as_[from] != drawn_as_[to] && (!ends_closed || edges_.insert(text).second))
      line("{}", text);
  }

  void legend() {
    line("  subgraph \"cluster_legend\" {{");
    line(
        "    label=<<b>legend</b>>; style=rounded; color=\"#bbbbbb\"; fontcolor=\"#777777\"; "
        "labeljust=l; margin=8;");
    const auto entry = [&](std::string_view id, const Look& look, std::string_view text,
                           std::string_view more = "") {
      line(
          "    legend_{} [shape={}, fillcolor=\"{}\", color=\"{}\", fontsize=9, height=0.3, "
          "label=\"{}\"{}];",
          id, look.shape, look.fill, look.line, text, more);
    };
    entry("input", input_look, "input");
    entry("parameter", parameter_look, "parameter");
    entry("constant", constant_look, "constant");
    entry("op", forward_look, "op");
    entry("gradient", backward_look, "gradient op");
    entry("fetch", {"box", "white", fetch_line}, "fetch", ", peripheries=2");
    if (std::find(closed_.begin(), closed_.end(), true) != closed_.end())
      entry("scope", {closed_shape, forward_look.fill, forward_look.line}, "scope");
    line(
        "    legend_ties [shape=plaintext, style=\"\", fontsize=9, label=\"- - -  "
        "differentiates\\n· · ·  type only\"];");
    line("  }}");
  }

  const Graph& graph_;
  detail::GraphView view_;
  const PictureOptions& options_;
  std::size_t open_;  ///< number of nested levels that are drawn open
  std::vector<bool> drawn_, fetched_, closed_;
  std::vector<std::uint32_t> drawn_as_;  ///< the node itself, or the first node of its closed scope
  std::set<std::string> edges_;          ///< written edges of closed scopes
  std::size_t long_ids_ = 0;
  fmt::memory_buffer out_;
};

}  // namespace

std::string to_dot(const Graph& graph, const PictureOptions& options) {
  return Drawing(graph, options).text();
}

void write_dot(const std::filesystem::path& file, const Graph& graph, const PictureOptions& options) {
  const std::string text = to_dot(graph, options);
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw FileError("write_dot: cannot write " + file.string());
}

}  // namespace dagrad
