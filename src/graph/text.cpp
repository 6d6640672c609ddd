#include <ostream>

#include "src/graph/data.hpp"

namespace dagrad {

namespace {

void write_line(const Node& node, std::string& line) {
  (line += '%') += node.name();
  ((line += " = ") += node.op().name()) += '(';
  const auto operands = node.operands();
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (i > 0) line += ", ";
    if (node.type_only(i)) line += "type of ";
    (line += '%') += operands[i].name();
  }
  line += ')';
  const auto write_braced = [&](const std::string& text) { ((line += " {") += text) += '}'; };
  if (const std::string attributes = node.op().attributes(); !attributes.empty())
    write_braced(attributes);
  if (node.kind() == NodeKind::constant && node.output().size() == 1)
    write_braced(attribute_text(node.tensor()));
  line += " :";
  for (std::size_t port = 0; port < node.outputs(); ++port)
    (line += port > 0 ? ", " : " ") += to_string(node.output(port).type());
  const auto origins = node.origins();
  if (origins.size() > 1 || origins[0].node != node.name())
    for (std::size_t i = 0; i < origins.size(); ++i)
      (line += i > 0 ? ", %" : "  # made of %") += origins[i].node;
  if (const auto provenance = node.provenance()) (line += "  # from %") += provenance->node;
}

}  // namespace

std::string to_string(const Node& node) {
  std::string line;
  write_line(node, line);
  return line;
}

std::string to_string(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes()) {
    write_line(node, text);
    text += '\n';
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Node& node) { return out << to_string(node); }
std::ostream& operator<<(std::ostream& out, const Graph& graph) { return out << to_string(graph); }

}  // namespace dagrad
