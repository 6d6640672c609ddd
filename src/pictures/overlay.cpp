#include "src/pictures/overlay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "src/io/units.hpp"
#include "src/pictures/colour.hpp"

namespace dagrad::detail {

namespace {

/// What is known of a drawn node.
struct Amount {
  std::optional<double> number = {};
  std::size_t measured = 0;  ///< how many nodes of the graph it is from
  const std::string* note = nullptr;
};

class OverlayPainter {
 public:
  OverlayPainter(Picture& picture, const GraphView& graph, const Overlay& overlay,
                 const Theme& theme)
      : picture_(picture),
        graph_(graph),
        overlay_(overlay),
        theme_(theme),
        amounts_(picture.nodes.size()) {}

  void run() && {
    for (std::size_t i = 0; i < amounts_.size(); ++i)
      for (const std::uint32_t id : picture_.nodes[i].nodes) add(id, amounts_[i]);
    std::set<std::uint32_t> folded;
    for (const DrawnEdge& edge : picture_.edges)
      for (const std::uint32_t id : edge.folded)
        if (folded.insert(id).second) add(id, amounts_[edge.to]);
    find_range();
    for (std::size_t i = 0; i < amounts_.size(); ++i) paint(picture_.nodes[i], amounts_[i]);
    add_scale();
  }

 private:
  bool is_classes() const { return overlay_.scale == OverlayScale::classes; }

  void add(std::uint32_t id, Amount& to) const {
    const std::string name = graph_.name(id);
    const auto amount = overlay_.amounts.find(name);
    if (amount == overlay_.amounts.end()) return;
    const double before = to.number.value_or(0);
    if (overlay_.summed && !is_classes())
      to.number = before + amount->second;
    else if (!to.number || std::isnan(amount->second) || amount->second > before)
      to.number = amount->second;
    const auto note = overlay_.notes.find(name);
    to.note = ++to.measured == 1 && note != overlay_.notes.end() ? &note->second : nullptr;
  }

  void find_range() {
    bool first = true;
    for (const Amount& amount : amounts_) {
      if (!amount.number || !std::isfinite(*amount.number)) continue;
      if (overlay_.scale == OverlayScale::logarithmic && *amount.number <= 0) continue;
      least_ = first ? *amount.number : std::min(least_, *amount.number);
      most_ = first ? *amount.number : std::max(most_, *amount.number);
      first = false;
    }
    if (overlay_.scale == OverlayScale::linear) least_ = 0;
    if (is_classes()) least_ = 0, most_ = static_cast<double>(overlay_.classes.size() - 1);
  }

  /// The place of an amount on the scale, from 0 to 1.
  double place(double amount) const {
    if (std::isnan(amount)) return 1;
    if (!(most_ > least_)) return amount < most_ ? 0 : 1;
    if (overlay_.scale != OverlayScale::logarithmic)
      return std::clamp((amount - least_) / (most_ - least_), 0.0, 1.0);
    if (amount <= 0) return 0;
    return std::clamp(std::log(amount / least_) / std::log(most_ / least_), 0.0, 1.0);
  }

  std::string text(double amount) const {
    if (is_classes()) return overlay_.classes[static_cast<std::size_t>(amount)];
    constexpr std::size_t longest_symbol = 4;  // longer units are words, which take no prefix
    if (overlay_.unit.empty()) return fmt::format("{:.3g}", amount);
    return overlay_.unit.size() > longest_symbol ? fmt::format("{:.3g} {}", amount, overlay_.unit)
                                                 : with_unit(amount, overlay_.unit);
  }

  void paint(DrawnNode& node, const Amount& amount) {
    if (!node.fill.empty() || !node.note.empty()) return;  // it has a mark
    if (!amount.number) {
      if (node.kind != DrawnKind::constant) node.fill = theme_.background;
      return;
    }
    if (is_classes()) occurring_.insert(static_cast<std::size_t>(*amount.number));
    node.fill = colour_on(theme_.scale, place(*amount.number));
    node.note = amount.note ? *amount.note : text(*amount.number);
  }

  void add_scale() {
    PictureScale& scale = picture_.scale;
    if (!scale.steps.empty()) return;
    scale.title = overlay_.title;
    const auto step = [&](double amount) {
      scale.steps.push_back({colour_on(theme_.scale, place(amount)), text(amount)});
    };
    for (const std::size_t one : occurring_) step(static_cast<double>(one));
    if (is_classes() || !(most_ > 0)) return;
    constexpr int steps = 4;
    for (int i = least_ < most_ ? 0 : steps; i <= steps; ++i) {
      const double part = static_cast<double>(i) / steps;
      step(overlay_.scale == OverlayScale::logarithmic ? least_ * std::pow(most_ / least_, part)
                                                       : most_ * part);
    }
  }

  Picture& picture_;
  const GraphView& graph_;
  const Overlay& overlay_;
  const Theme& theme_;
  std::vector<Amount> amounts_;  ///< by drawn node
  double least_ = 0, most_ = 0;
  std::set<std::size_t> occurring_;  ///< classes
};

}  // namespace

void check_overlay(const Overlay& overlay, const Theme& theme) {
  if (theme.scale.empty())
    throw ArgumentError("to_dot: the theme has no colours for an overlay; its scale is empty");
  for (const std::string& colour : theme.scale)
    if (!is_colour(colour))
      throw ArgumentError(fmt::format(
          "to_dot: the scale of the theme has the colour \"{}\", which is not '#' and six "
          "hexadecimal digits",
          colour));
  if (overlay.scale != OverlayScale::classes) return;
  for (const auto& [name, amount] : overlay.amounts)
    if (!(amount >= 0 && amount < static_cast<double>(overlay.classes.size())) ||
        amount != std::floor(amount))
      throw ArgumentError(fmt::format(
          "to_dot: the overlay gives '{}' the class {}, but its classes are numbered from 0, and "
          "it names {}",
          name, amount, overlay.classes.size()));
}

void lay_over(Picture& picture, const GraphView& graph, const Overlay& overlay,
              const Theme& theme) {
  OverlayPainter(picture, graph, overlay, theme).run();
}

}  // namespace dagrad::detail
