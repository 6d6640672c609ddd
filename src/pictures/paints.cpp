#include "src/pictures/paints.hpp"

namespace dagrad::detail {

const Paint& paint_of(Part part, const Theme& theme) {
  switch (part) {
    case Part::forward:
      return theme.forward;
    case Part::gradient:
      return theme.gradient;
    case Part::after:
      return theme.after;
    case Part::update:
      break;
  }
  return theme.update;
}

const Paint& paint_of(const DrawnNode& node, const Theme& theme) {
  switch (node.kind) {
    case DrawnKind::input:
      return theme.input;
    case DrawnKind::parameter:
      return theme.parameter;
    case DrawnKind::constant:
      return theme.constant;
    case DrawnKind::op:
    case DrawnKind::equation:
    case DrawnKind::block:
      break;
  }
  return paint_of(node.part, theme);
}

}  // namespace dagrad::detail
