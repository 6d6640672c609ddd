#include "src/inspect/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/io/xml.hpp"

namespace dagrad::detail {

namespace {

constexpr double points_in_millimetre = 72 / 25.4;
constexpr double least_size = 40;  // millimetres

std::string svg_text(std::string_view text) { return xml_escaped(xml_characters(text)); }

}  // namespace

SvgFigure::SvgFigure(const FigureOptions& options, std::string_view called)
    : options_(options),
      width_(options.width * points_in_millimetre),
      height_(options.height * points_in_millimetre) {
  if (!(options.width >= least_size && options.height >= least_size))
    throw ArgumentError(fmt::format("{}: a figure is at least {} mm wide and high, not {} × {} mm",
                                    called, least_size, options.width, options.height));
  const Theme& theme = options.theme;
  const double above = options.title.empty() ? theme.text_size / 2 : 2 * theme.title_size;
  const double left = 6 * theme.small_size;
  frame_ = {left, above, width_ - left - theme.text_size, height_ - above - 5 * theme.small_size};
  legend_x_ = left;
  if (!options.title.empty())
    body_ += fmt::format(
        "<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"middle\" font-size=\"{}\" "
        "font-weight=\"bold\" fill=\"{}\">{}</text>\n",
        width_ / 2, 1.3 * theme.title_size, theme.title_size, theme.text, svg_text(options.title));
}

/// An estimate that is good for Helvetica.
double SvgFigure::text_width(std::string_view text) const {
  const auto characters = std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  });
  constexpr double average = 0.56;  // of the size
  return static_cast<double>(characters) * average * theme().small_size;
}

void SvgFigure::box(const Box& at, const Paint& paint, std::string_view name,
                    std::string_view tip) {
  body_ += fmt::format(
      "<g><title>{}</title><rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
      "fill=\"{}\" stroke=\"{}\" stroke-width=\"0.5\"/>",
      svg_text(tip), at.x, at.y, at.width, at.height, paint.fill, paint.line);
  if (text_width(name) + 4 <= at.width && theme().small_size + 2 <= at.height)
    text(at.x + at.width / 2, at.y + at.height / 2 + 0.35 * theme().small_size, name,
         Anchor::middle);
  body_ += "</g>\n";
}

void SvgFigure::line(const std::vector<std::pair<double, double>>& points, std::string_view colour,
                     std::string_view more) {
  std::string path;
  for (const auto& [x, y] : points)
    path += fmt::format("{}{:.2f},{:.2f}", path.empty() ? "" : " ", x, y);
  body_ += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\"{}{}/>\n", path, colour,
                       more.empty() ? "" : " ", more);
}

void SvgFigure::text(double x, double y, std::string_view text, Anchor anchor) {
  constexpr std::string_view anchors[] = {"start", "middle", "end"};
  body_ += fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"{}\">{}</text>", x, y,
                       anchors[static_cast<std::size_t>(anchor)], svg_text(text));
}

void SvgFigure::tick_below(double place, std::string_view label) {
  const double x = frame_.x + place * frame_.width, y = frame_.y + frame_.height;
  line({{x, y}, {x, y + 3}}, theme().faint, "stroke-width=\"0.5\"");
  text(x, y + 4 + theme().small_size, label, Anchor::middle);
  body_ += "\n";
}

void SvgFigure::tick_left(double place, std::string_view label) {
  const double y = frame_.y + (1 - place) * frame_.height;
  line({{frame_.x - 3, y}, {frame_.x + frame_.width, y}}, theme().faint, "stroke-width=\"0.25\"");
  text(frame_.x - 5, y + 0.35 * theme().small_size, label, Anchor::end);
  body_ += "\n";
}

void SvgFigure::place_of_legend(std::string_view label) {
  const double y = height_ - 0.8 * theme().small_size;
  text(legend_x_ + 16, y, label, Anchor::start);
  body_ += "\n";
  legend_x_ += 16 + text_width(label) + 1.5 * theme().small_size;
}

void SvgFigure::legend(const Paint& paint, std::string_view label) {
  const double y = height_ - 0.8 * theme().small_size;
  body_ += fmt::format(
      "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"12\" height=\"6\" fill=\"{}\" stroke=\"{}\" "
      "stroke-width=\"0.5\"/>",
      legend_x_, y - 6, paint.fill, paint.line);
  place_of_legend(label);
}

void SvgFigure::legend_line(std::string_view colour, std::string_view label) {
  const double y = height_ - 0.8 * theme().small_size - 3;
  line({{legend_x_, y}, {legend_x_ + 12, y}}, colour, "stroke-width=\"1.2\"");
  place_of_legend(label);
}

std::string SvgFigure::write() && {
  const Theme& theme = options_.theme;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}pt\" height=\"{1:.0f}pt\" "
      "viewBox=\"0 0 {0:.2f} {1:.2f}\" font-family=\"{2}\" font-size=\"{3}\" fill=\"{4}\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"{5}\"/>\n{6}</svg>\n",
      width_, height_, svg_text(theme.font), theme.small_size, theme.text, theme.background, body_);
}

std::vector<double> round_steps(double end, int most) {
  if (!(end > 0)) return {0};
  const double rough = end / most, magnitude = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * magnitude;
  for (const double factor : {5.0, 2.0, 1.0})
    if (factor * magnitude >= rough) step = factor * magnitude;
  std::vector<double> steps;
  for (int i = 0; i * step <= end * (1 + 1e-9); ++i) steps.push_back(i * step);
  return steps;
}

}  // namespace dagrad::detail
