#include "src/pictures/legend.hpp"

#include <set>

namespace dagrad::detail {

namespace {

LegendEntry entry_of(const DrawnNode& node) {
  switch (node.kind) {
    case DrawnKind::input:
      return LegendEntry::input;
    case DrawnKind::parameter:
      return LegendEntry::parameter;
    case DrawnKind::constant:
      return LegendEntry::constant;
    case DrawnKind::op:
    case DrawnKind::equation:
    case DrawnKind::block:
      break;
  }
  switch (node.part) {
    case Part::forward:
      return LegendEntry::forward;
    case Part::gradient:
      return LegendEntry::gradient;
    case Part::after:
      return LegendEntry::after;
    case Part::update:
      break;
  }
  return LegendEntry::update;
}

}  // namespace

std::vector<LegendEntry> legend_of(const Picture& picture) {
  std::set<LegendEntry> entries;
  for (const DrawnNode& node : picture.nodes) {
    entries.insert(entry_of(node));
    if (node.kind == DrawnKind::block) entries.insert(LegendEntry::block);
    if (node.fetched) entries.insert(LegendEntry::fetch);
  }
  for (const DrawnEdge& edge : picture.edges) switch (edge.kind) {
      case EdgeKind::data:
        break;
      case EdgeKind::type_only:
        entries.insert(LegendEntry::type_only);
        break;
      case EdgeKind::next:
        entries.insert(LegendEntry::next);
        break;
      case EdgeKind::tie:  // those of equations and blocks only align them
        if (picture.nodes[edge.to].kind == DrawnKind::op) entries.insert(LegendEntry::tie);
        break;
      case EdgeKind::update:
        entries.insert(LegendEntry::update_edge);
    }
  return {entries.begin(), entries.end()};
}

}  // namespace dagrad::detail
