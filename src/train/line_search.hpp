#pragma once

#include <functional>

namespace dagrad::detail {

/// A function along a line: its value and slope at a step from the start.
struct LinePoint {
  double step = 0, value = 0, slope = 0;
};

struct LineSearch {
  double sufficient_decrease;  ///< c₁: the decrease required, as a share of that along the tangent
  double curvature;  ///< c₂: the slope allowed at the end, as a share of that at the start
  int evaluations;   ///< at most
};

/// Finds a point at which the strong Wolfe conditions hold: value <= start.value + c₁ · step ·
/// start.slope and |slope| <= c₂ · |start.slope|. The slope at the start is negative, and `first` >
/// 0 is the step to try first. If none is found within the allowed evaluations or at the precision
/// of the numbers, returns the lowest one that meets the first condition, or the start. Steps with
/// values or slopes that are not finite count as too long.
///
/// Nocedal and Wright 2006, algorithms 3.5 and 3.6, with steps chosen by cubic interpolation and
/// kept away from the ends of the interval.
LinePoint search_line(const LineSearch& search, const LinePoint& start, double first,
                      const std::function<LinePoint(double step)>& evaluate);

}  // namespace dagrad::detail
