#include <array>

#include "dagrad/picture_formats.hpp"
#include "src/io/file_replacement.hpp"
#include "src/pictures/picture.hpp"

namespace dagrad {

namespace detail {

namespace {

/// In quotes, with characters that Mermaid or HTML would read as more than themselves as codes.
std::string mermaid_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    const bool plain = code >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                       (c >= 'A' && c <= 'Z') ||
                       std::string_view(" .,:=+-/()[]'_×").find(c) != std::string_view::npos;
    if (c == '\n')
      out += "<br/>";
    else if (plain)
      out += c;
    else if (code >= 0x20 && code != 0x7f)
      out += "#" + std::to_string(code) + ";";
  }
  return out + '"';
}

struct MermaidShape {
  std::string_view open, close;
};
constexpr std::array<MermaidShape, 6> mermaid_shapes{{
    {"[/", "/]"},  // input
    {"[(", ")]"},  // parameter
    {"(", ")"},    // constant
    {"[", "]"},    // op
    {"[", "]"},    // equation
    {"[[", "]]"},  // block
}};

class MermaidText {
 public:
  MermaidText(const Picture& picture, const PictureOptions& options)
      : picture_(picture), options_(options) {
    children_.resize(picture.clusters.size() + 1);
    members_.resize(picture.clusters.size() + 1);
    for (std::size_t i = 0; i < picture.clusters.size(); ++i)
      children_[place(picture.clusters[i].parent)].push_back(i);
    for (std::size_t i = 0; i < picture.nodes.size(); ++i)
      members_[place(picture.nodes[i].cluster)].push_back(i);
  }

  std::string write() && {
    if (!options_.title.empty()) text_ += "---\ntitle: " + mermaid_text(options_.title) + "\n---\n";
    text_ += std::string("flowchart ") + (options_.left_to_right ? "LR\n" : "TB\n");
    write_clusters();
    for (const DrawnEdge& edge : picture_.edges) write(edge);
    write_classes();
    return std::move(text_);
  }

 private:
  /// The index of a cluster in the lists of this class, where 0 is the outermost level.
  static std::size_t place(std::uint32_t cluster) {
    return cluster == nothing ? 0 : std::size_t{cluster} + 1;
  }

  /// Clusters nest as deeply as the user's scopes, so this is not recursive.
  void write_clusters() {
    struct Open {
      std::size_t cluster, next;
    };
    std::vector<Open> open{{0, 0}};
    write_members(0, 1);
    while (!open.empty()) {
      Open& top = open.back();
      if (top.next < children_[top.cluster].size()) {
        const std::size_t inner = children_[top.cluster][top.next++];
        text_ += indent(open.size()) + "subgraph c" + std::to_string(inner) + "[" +
                 mermaid_text(cluster_title(picture_.clusters[inner])) + "]\n";
        open.push_back({inner + 1, 0});
        write_members(inner + 1, open.size());
        continue;
      }
      open.pop_back();
      if (!open.empty()) text_ += indent(open.size()) + "end\n";
    }
  }
  static std::string indent(std::size_t depth) { return std::string(2 * depth, ' '); }

  static std::string cluster_title(const DrawnCluster& cluster) {
    return cluster.title + (cluster.repeats > 1 ? " × " + std::to_string(cluster.repeats) : "");
  }

  void write_members(std::size_t cluster, std::size_t depth) {
    for (const std::size_t i : members_[cluster]) {
      const DrawnNode& node = picture_.nodes[i];
      std::string label = node.title;
      if (node.repeats > 1) label += " × " + std::to_string(node.repeats);
      if (!node.derivative.empty() && node.kind != DrawnKind::equation)
        label = node.derivative + "\n" + label;
      for (const std::string* more : {&node.attributes, &node.types, &node.note})
        if (!more->empty()) label += "\n" + *more;
      const auto& [open, close] = mermaid_shapes[static_cast<std::size_t>(node.kind)];
      text_ += indent(depth) + "n" + std::to_string(i) + std::string(open) + mermaid_text(label) +
               std::string(close) + ":::" + class_of(node) + "\n";
      if (node.fetched || !node.fill.empty())
        styles_ += "  style n" + std::to_string(i) + " " +
                   (node.fill.empty() ? "" : "fill:" + node.fill + (node.fetched ? "," : "")) +
                   (node.fetched ? "stroke:" + options_.theme.fetch + ",stroke-width:2px" : "") +
                   "\n";
    }
  }

  static std::string class_of(const DrawnNode& node) {
    switch (node.kind) {
      case DrawnKind::input:
        return "input";
      case DrawnKind::parameter:
        return "parameter";
      case DrawnKind::constant:
        return "constant";
      default:
        break;
    }
    constexpr std::array parts{"forward", "gradient", "after", "update"};
    return parts[static_cast<std::size_t>(node.part)];
  }

  void write(const DrawnEdge& edge) {
    std::string_view arrow = "-->";
    if (edge.kind == EdgeKind::type_only) arrow = "-.->";
    if (edge.kind == EdgeKind::tie) arrow = "-.-";
    if (edge.kind == EdgeKind::update) arrow = "==>";
    std::string label = edge.label;
    if (const auto& in = picture_.nodes[edge.to].in;
        label.empty() && edge.kind == EdgeKind::data && edge.to_port < in.size())
      label = in[edge.to_port].label;
    text_ += "  n" + std::to_string(edge.from) + " " + std::string(arrow) +
             (label.empty() ? "" : "|" + mermaid_text(label) + "|") + " n" +
             std::to_string(edge.to) + "\n";
  }

  void write_classes() {
    const Theme& theme = options_.theme;
    const auto paint = [&](std::string_view name, const Paint& p) {
      text_ += "  classDef " + std::string(name) + " fill:" + p.fill + ",stroke:" + p.line +
               ",color:" + p.text + "\n";
    };
    paint("input", theme.input);
    paint("parameter", theme.parameter);
    paint("constant", theme.constant);
    paint("forward", theme.forward);
    paint("gradient", theme.gradient);
    paint("after", theme.after);
    paint("update", theme.update);
    text_ += styles_;
  }

  const Picture& picture_;
  const PictureOptions& options_;
  std::vector<std::vector<std::size_t>> children_, members_;
  std::string text_, styles_;
};

}  // namespace

}  // namespace detail

std::string to_mermaid(const Graph& graph, const PictureOptions& options) {
  const detail::Picture picture = detail::picture_of(graph, options);
  return detail::MermaidText(picture, options).write();
}

void write_mermaid(const std::filesystem::path& file, const Graph& graph,
                   const PictureOptions& options) {
  detail::write_file(file, "write_mermaid", {to_mermaid(graph, options)});
}

}  // namespace dagrad
