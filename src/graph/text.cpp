#include <fmt/format.h>

#include <iterator>
#include <ostream>

#include "src/graph/data.hpp"

namespace dagrad {

namespace {

void write_line(const Node& node, fmt::memory_buffer& line) {
  const auto out = std::back_inserter(line);
  fmt::format_to(out, "%{} = {}(", node.name(), node.op().name());
  const auto operands = node.operands();
  for (std::size_t i = 0; i < operands.size(); ++i)
    fmt::format_to(out, "{}{}%{}", i ? ", " : "", node.type_only(i) ? "type of " : "",
                   operands[i].name());
  fmt::format_to(out, ")");
  if (const std::string attributes = node.op().attributes(); !attributes.empty())
    fmt::format_to(out, " {{{}}}", attributes);
  if (node.kind() == NodeKind::constant && node.output().size() == 1)
    fmt::format_to(out, " {{{}}}", attribute_text(node.tensor()));
  fmt::format_to(out, " :");
  for (std::size_t port = 0; port < node.outputs(); ++port)
    fmt::format_to(out, "{} {}", port ? "," : "", to_string(node.output(port).type()));
  const auto origins = node.origins();
  if (origins.size() > 1 || origins[0].node != node.name())
    for (std::size_t i = 0; i < origins.size(); ++i)
      fmt::format_to(out, "{}%{}", i ? ", " : "  # made of ", origins[i].node);
  if (const auto provenance = node.provenance())
    fmt::format_to(out, "  # from %{}", provenance->node);
}

}  // namespace

std::string to_string(const Node& node) {
  fmt::memory_buffer line;
  write_line(node, line);
  return fmt::to_string(line);
}

std::string to_string(const Graph& graph) {
  fmt::memory_buffer text;
  for (const Node& node : graph.nodes()) {
    write_line(node, text);
    text.push_back('\n');
  }
  return fmt::to_string(text);
}

std::ostream& operator<<(std::ostream& out, const Node& node) { return out << to_string(node); }
std::ostream& operator<<(std::ostream& out, const Graph& graph) { return out << to_string(graph); }

}  // namespace dagrad
