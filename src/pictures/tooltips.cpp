#include "src/pictures/tooltips.hpp"

#include <fmt/format.h>

#include "dagrad/attribute.hpp"

namespace dagrad::detail {

namespace {

constexpr std::size_t most_members = 8;

void add_line(std::string& text, std::string_view line) {
  if (line.empty()) return;
  if (!text.empty()) text += '\n';
  text += line;
}

std::string all_attributes(const Op& op) {
  std::string text;
  op.visit_attributes([&](std::string_view name, const Attribute& value) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, attribute_text(value));
  });
  return text;
}

/// The text as a part of an address, in which most characters are written as %xx.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

Tooltips::Tooltips(const Graph& graph, const Picture& picture)
    : view_(graph), picture_(picture), equations_(write_each_node(graph)) {}

std::string Tooltips::member(std::uint32_t id) const {
  const Op& op = view_.op(id);
  std::string types;
  for (std::uint32_t port = 0; port < view_.results(id).size(); ++port)
    types += (port > 0 ? ", " : "") + to_string(view_.results(id)[port]);
  std::string text = fmt::format("{} = {} : {}", view_.name(id), op.name(), types);
  if (view_.kind(id) == NodeKind::op) add_line(text, all_attributes(op));
  if (!equations_.formula[id].empty()) add_line(text, equations_.equation(id));
  if (const Location where = view_.where(id); where.line > 0) add_line(text, to_string(where));
  return text;
}

std::string Tooltips::node(const DrawnNode& node) const {
  std::string text;
  if (node.kind == DrawnKind::block) {
    text = fmt::format("{}\n{} nodes", node.name, node.nodes.size());
    if (node.repeats > 1) text += fmt::format(" in {} equal scopes", node.repeats);
    if (node.parameters > 0) add_line(text, fmt::format("{} parameters", node.parameters));
    return text;
  }
  if (node.kind == DrawnKind::equation) text = node.title;
  for (std::size_t i = 0; i < node.nodes.size() && i < most_members; ++i)
    add_line(text, (text.empty() ? "" : "\n") + member(node.nodes[i]));
  if (node.nodes.size() > most_members)
    add_line(text, fmt::format("\nand {} more nodes", node.nodes.size() - most_members));
  return text;
}

std::string Tooltips::cluster(const DrawnCluster& cluster) const {
  std::string text = cluster.name.empty() ? cluster.title : cluster.name;
  if (cluster.repeats > 1) add_line(text, fmt::format("{} equal scopes", cluster.repeats));
  if (cluster.parameters > 0) add_line(text, fmt::format("{} parameters", cluster.parameters));
  return text;
}

std::string Tooltips::edge(const DrawnEdge& edge) const {
  const DrawnNode &from = picture_.nodes[edge.from], &to = picture_.nodes[edge.to];
  std::string text = fmt::format("{} → {}", from.name, to.name);
  if (edge.from_port < from.out.size()) add_line(text, from.out[edge.from_port].type);
  if (edge.to_port < to.in.size() && to.kind == DrawnKind::op)
    add_line(text, to.in[edge.to_port].label);
  for (const std::uint32_t id : edge.folded)
    add_line(text, fmt::format("through {}", view_.name(id)));
  return text;
}

std::string link_of(const GraphView& graph, std::uint32_t node, std::string_view pattern) {
  std::string link;
  const Location where = graph.where(node);
  while (!pattern.empty()) {
    const std::size_t open = pattern.find('{'), close = pattern.find('}', open);
    if (close == pattern.npos) break;
    const std::string_view field = pattern.substr(open + 1, close - open - 1);
    link += pattern.substr(0, open);
    if ((field == "file" || field == "line") && where.line <= 0) return {};
    if (field == "file")
      link += percent_encoded(where.file);
    else if (field == "line")
      link += std::to_string(where.line);
    else if (field == "name")
      link += percent_encoded(graph.name(node));
    else if (field == "op")
      link += percent_encoded(graph.op(node).name());
    else
      throw ArgumentError(
          fmt::format("to_dot: the link has {{{}}}, which is not {{file}}, {{line}}, {{name}} or "
                      "{{op}}",
                      field));
    pattern.remove_prefix(close + 1);
  }
  return link.append(pattern);
}

}  // namespace dagrad::detail
