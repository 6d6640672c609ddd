#include "src/pictures/dot_labels.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "src/pictures/dot_text.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

// The most bytes of texts; longer ones are cut in the middle.
constexpr std::size_t longest_title = 2000, longest_name = 120, longest_detail = 60;

std::string plural(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count_text(count), what, count == 1 ? "" : "s");
}

/// The number of characters in UTF-8 text.
std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

/// Breaks long text at spaces.
std::vector<std::string> wrapped(const std::string& text) {
  constexpr std::size_t longest_line = 34;  // characters
  std::vector<std::string> lines{""};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    std::string& line = lines.back();
    if (!line.empty() && characters_in(line) + characters_in(word) >= longest_line)
      lines.push_back(word);
    else
      line += (begin == 0 ? "" : " ") + word;
    begin = end + 1;
  }
  return lines;
}

/// The types of the values that reach a block from its own part, each once.
std::string types_of(const std::vector<DrawnPort>& ports) {
  constexpr std::size_t most = 2;
  std::vector<std::string> types;
  for (const DrawnPort& port : ports) {
    const std::string type = port.type.empty() ? "scalar" : port.type;
    if (!port.across && std::find(types.begin(), types.end(), type) == types.end())
      types.push_back(type);
  }
  std::string text;
  for (std::size_t i = 0; i < types.size() && i < most; ++i) text += (i > 0 ? ", " : "") + types[i];
  return types.size() > most ? text + ", …" : text;
}

/// An entry of the legend: a box, or a sample of a line.
struct LegendLook {
  const Paint* paint;
  std::string_view sample, text;
};

LegendLook look_of_entry(LegendEntry entry, const Theme& theme) {
  switch (entry) {
    case LegendEntry::input:
      return {&theme.input, "", "input"};
    case LegendEntry::parameter:
      return {&theme.parameter, "", "parameter"};
    case LegendEntry::constant:
      return {&theme.constant, "", "constant"};
    case LegendEntry::forward:
      return {&theme.forward, "", "forward"};
    case LegendEntry::gradient:
      return {&theme.gradient, "", "gradient"};
    case LegendEntry::after:
      return {&theme.after, "", "computed from gradients"};
    case LegendEntry::update:
      return {&theme.update, "", "update"};
    case LegendEntry::block:
      return {nullptr, "▤", "closed scope"};
    case LegendEntry::fetch:
      return {nullptr, "▣", "fetched"};
    case LegendEntry::type_only:
      return {nullptr, "· · ·▷", "only the type is used"};
    case LegendEntry::next:
      return {nullptr, "━▶", "to the next repeat"};
    case LegendEntry::tie:
      return {nullptr, "- - -", "differentiates"};
    case LegendEntry::update_edge:
      break;
  }
  return {nullptr, "- -▶", "sets the parameter"};
}

std::string_view style_of_entry(LegendEntry entry) {
  switch (entry) {
    case LegendEntry::gradient:
      return "dashed";
    case LegendEntry::update:
    case LegendEntry::after:
      return "dotted";
    default:
      return "";
  }
}

}  // namespace

std::string count_text(std::uint64_t count) {
  constexpr std::string_view units[] = {"", " k", " M", " G", " T"};
  auto number = static_cast<double>(count);
  std::size_t unit = 0;
  for (; number >= 999.5 && unit + 1 < std::size(units); ++unit) number /= 1000;
  const int digits = unit == 0 || number >= 99.95 ? 0 : 1;
  return fmt::format("{:.{}f}{}", number, digits, units[unit]);
}

std::string DotLabels::small(const std::string& text, const std::string& colour) const {
  return fmt::format("<font point-size=\"{}\" color=\"{}\">{}</font>", theme_.small_size, colour,
                     text);
}

std::string DotLabels::details(const DrawnNode& node) const {
  std::string text;
  const auto add = [&](const std::string& more) {
    if (!more.empty()) text += (text.empty() ? "" : ", ") + more;
  };
  if (node.kind == DrawnKind::op && node.title != node.op) add(node.op);
  add(node.attributes);
  for (const DrawnPort& port : node.in)
    if (!port.number.empty()) add((port.label.empty() ? "" : port.label + " = ") + port.number);
  return text;
}

std::string DotLabels::block_details(const DrawnNode& node) const {
  const std::string in = types_of(node.in), out = types_of(node.out);
  std::string text;
  if (options_.types != ShownTypes::none && node.part != Part::update)
    text = in == out || out.empty() ? in : in.empty() ? out : in + " → " + out;
  if (node.parameters > 0 && node.part != Part::update)
    text += (text.empty() ? "" : "\n") + plural(node.parameters, "parameter");
  if (node.part == Part::update)
    text = "sets " + plural(node.updates, "parameter") + (node.parameters > 0 ? "\n" : "") +
           (node.parameters > 0 ? "state of " + plural(node.parameters, "number") : "");
  return text;
}

std::string DotLabels::lines(const DrawnNode& node) const {
  const std::vector<std::string> title = wrapped(shortened(node.title, longest_name));
  std::string text;
  for (const std::string& line : title)
    text += (text.empty() ? "" : "<br/>") + label_text(line, longest_name);
  if (node.kind != DrawnKind::equation) text = "<b>" + text + "</b>";
  if (node.repeats > 1) text += fmt::format(" <b>× {}</b>", node.repeats);
  // Faint text cannot be read on the colours of an overlay.
  const bool coloured = options_.overlay && !node.note.empty();
  const std::string& colour = coloured ? theme_.text : theme_.faint;
  if (!node.types.empty()) text += " " + small(label_text(node.types, longest_detail), colour);
  const std::string more = node.kind == DrawnKind::block ? block_details(node) : details(node);
  if (!more.empty()) text += "<br/>" + small(label_text(more, longest_detail), colour);
  if (!node.note.empty()) text += "<br/>" + small(label_text(node.note, longest_detail), colour);
  return text;
}

std::string DotLabels::ports(const DrawnNode& node, const char* before, const char* after) const {
  std::string cells;
  for (std::size_t i = 0; i < node.in.size(); ++i) {
    if (!node.in[i].number.empty()) continue;
    const std::string name = label_text(node.in[i].label, longest_name);
    cells += fmt::format("{}<td port=\"i{}\">{}</td>{}", before, i, name.empty() ? "" : small(name),
                         after);
  }
  return "<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"1\">" + cells +
         "</table>";
}

std::string DotLabels::node(const DrawnNode& node, Side operands) const {
  if (operands == Side::none) return lines(node);
  const std::string text = "<td>" + lines(node) + "</td>";
  const bool across = operands == Side::top || operands == Side::bottom;
  const std::string row = across ? "<tr>" : "", end = across ? "</tr>" : "";
  std::string cells = ports(node, across ? "" : "<tr>", across ? "" : "</tr>");
  if (across)
    cells.insert(cells.find('>') + 1, "<tr>"), cells.insert(cells.rfind("</table>"), "</tr>");
  cells = "<td>" + cells + "</td>";
  const bool first = operands == Side::top || operands == Side::left;
  const std::string both =
      first ? row + cells + end + row + text + end : row + text + end + row + cells + end;
  return "<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"0\">" +
         (across ? both : "<tr>" + both + "</tr>") + "</table>";
}

std::string DotLabels::cluster(const DrawnCluster& cluster) const {
  std::string text = label_text(cluster.title, longest_name);
  if (cluster.parent == nothing) text = "<b>" + text + "</b>";
  if (cluster.repeats > 1) text += fmt::format(" <b>× {}</b>", cluster.repeats);
  if (cluster.parameters > 0 && cluster.parent != nothing)
    text +=
        " " + small(plural(cluster.parameters, "parameter") + (cluster.repeats > 1 ? " each" : ""));
  return text;
}

std::string DotLabels::title() const {
  std::string text;
  if (!picture_.title.empty())
    text = fmt::format("<font point-size=\"{}\"><b>{}</b></font>", theme_.title_size,
                       label_text(picture_.title, longest_title));
  if (!picture_.title.empty() && !picture_.dtype.empty()) text += "  " + small(picture_.dtype);
  return text;
}

std::string DotLabels::caption() const {
  const std::string above = title();
  const bool has_legend = options_.legend && !picture_.legend.empty();
  if (!has_legend) return above;
  if (above.empty()) return legend();
  return "<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"0\"><tr><td>" +
         above + "</td></tr><tr><td>" + legend() + "</td></tr></table>";
}

std::string DotLabels::legend() const {
  constexpr std::size_t per_row = 10;
  std::string rows, row;
  std::size_t in_row = 0;
  const auto end_row = [&] {
    if (!row.empty())
      rows +=
          "<tr><td><table border=\"0\" cellborder=\"0\" cellspacing=\"3\" cellpadding=\"1\"><tr>" +
          row + "</tr></table></td></tr>";
    row.clear();
    in_row = 0;
  };
  const auto add = [&](const std::string& cell, const std::string& text) {
    if (in_row++ == per_row) end_row(), in_row = 1;
    row += cell + "<td align=\"left\">" + small(label_text(text, longest_detail)) + "</td>";
  };
  const auto box = [](std::string_view fill, std::string_view line, std::string_view style) {
    return fmt::format(
        "<td><table border=\"1\" cellborder=\"0\" cellspacing=\"0\" bgcolor=\"{}\" color=\"{}\"{}>"
        "<tr><td width=\"12\" height=\"6\"></td></tr></table></td>",
        fill, line, style.empty() ? "" : fmt::format(" style=\"{}\"", style));
  };
  for (const LegendEntry entry : picture_.legend) {
    const LegendLook look = look_of_entry(entry, theme_);
    add(look.paint ? box(look.paint->fill, look.paint->line,
                         theme_.line_styles ? style_of_entry(entry) : "")
                   : "<td>" + small(std::string(look.sample)) + "</td>",
        std::string(look.text));
  }
  end_row();
  if (!picture_.scale.steps.empty()) {
    row = "<td>" + small(label_text(picture_.scale.title, longest_detail)) + "</td>";
    for (const PictureMark& step : picture_.scale.steps)
      add(box(step.fill, theme_.faint, ""), step.note);
    end_row();
  }
  return "<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"0\">" + rows +
         "</table>";
}

}  // namespace dagrad::detail
