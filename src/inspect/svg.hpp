#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dagrad/figures.hpp"

namespace dagrad::detail {

/// A rectangle, in points.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;
};

/// Writes a figure with a title, a frame with room for axes around it, and a legend below.
class SvgFigure {
 public:
  /// Throws ArgumentError if the figure is too small.
  SvgFigure(const FigureOptions& options, std::string_view called);

  const Box& frame() const { return frame_; }
  const Theme& theme() const { return options_.theme; }

  /// A box with its name, if that fits into it, and a text that viewers show.
  void box(const Box& at, const Paint& paint, std::string_view name, std::string_view tip);
  void line(const std::vector<std::pair<double, double>>& points, std::string_view colour,
            std::string_view more = "");
  enum class Anchor : std::uint8_t { start, middle, end };
  void text(double x, double y, std::string_view text, Anchor anchor);
  /// A label below the frame with a tick, at a place in it from 0 to 1.
  void tick_below(double place, std::string_view label);
  /// A label to the left of the frame, with a faint line across it.
  void tick_left(double place, std::string_view label);
  void legend(const Paint& paint, std::string_view text);
  void legend_line(std::string_view colour, std::string_view text);

  std::string write() &&;

 private:
  double text_width(std::string_view text) const;
  void place_of_legend(std::string_view text);

  const FigureOptions& options_;
  double width_, height_;
  Box frame_;
  double legend_x_;
  std::string body_;
};

/// About `most` round numbers from 0 to `end`, such as 0, 20, 40.
std::vector<double> round_steps(double end, int most);

}  // namespace dagrad::detail
