#include "src/train/line_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dagrad::detail {

namespace {

bool is_finite_at(const LinePoint& point) {
  return std::isfinite(point.value) && std::isfinite(point.slope);
}

/// The minimum of the cubic with the values and slopes of two points, or NaN if it has none
/// (Nocedal and Wright 2006, 3.59).
double cubic_minimum(const LinePoint& a, const LinePoint& b) {
  const double width = b.step - a.step;
  const double d = a.slope + b.slope - 3 * (b.value - a.value) / width;
  const double root = std::copysign(std::sqrt(d * d - a.slope * b.slope), width);
  return b.step - width * (b.slope + root - d) / (b.slope - a.slope + 2 * root);
}

class LineSearcher {
 public:
  LineSearcher(const LineSearch& search, const LinePoint& start,
               const std::function<LinePoint(double)>& evaluate)
      : search_(search), start_(start), evaluate_(evaluate) {}

  LinePoint run(double first) {
    LinePoint before = start_, now = at(first);
    while (decreases(now) && (before.step == 0 || now.value < before.value)) {
      if (is_flat(now)) return now;
      if (now.slope >= 0) return zoom(now, before);
      if (left_ == 0) return now;
      const double width = now.step - before.step;
      const double wanted = cubic_minimum(before, now);
      const double least = now.step + 1.1 * width, most = now.step + 4 * width;
      before = now;
      now = at(std::isfinite(wanted) ? std::clamp(wanted, least, most) : most);
    }
    return zoom(before, now);
  }

 private:
  LinePoint at(double step) {
    --left_;
    return evaluate_(step);
  }
  /// False for NaN.
  bool decreases(const LinePoint& point) const {
    return is_finite_at(point) &&
           point.value <= start_.value + search_.sufficient_decrease * point.step * start_.slope;
  }
  bool is_flat(const LinePoint& point) const {
    return std::abs(point.slope) <= -search_.curvature * start_.slope;
  }

  /// Where rounding hides which value is lower, the smaller slope decides.
  static bool lower(const LinePoint& a, const LinePoint& b) {
    const double rounding = 2 * std::numeric_limits<double>::epsilon() * std::abs(b.value);
    if (std::abs(a.value - b.value) <= rounding) return std::abs(a.slope) < std::abs(b.slope);
    return a.value < b.value;
  }

  /// Between `low`, the lowest point so far that decreases enough and slopes down towards `high`,
  /// and `high` lies a point that meets both conditions.
  LinePoint zoom(LinePoint low, LinePoint high) {
    double width_before = std::numeric_limits<double>::infinity();
    while (left_ > 0) {
      const double width = high.step - low.step;
      if (std::abs(width) <= std::numeric_limits<double>::epsilon() * std::abs(high.step)) break;
      double share = 0.5;
      if (!is_finite_at(high)) {
        share = 0.1;
      } else if (std::abs(width) <= width_before * 2 / 3) {
        const double wanted = (cubic_minimum(low, high) - low.step) / width;
        if (std::isfinite(wanted)) share = std::clamp(wanted, 0.1, 0.9);
      }
      width_before = std::abs(width);
      const LinePoint now = at(low.step + share * width);
      if (!decreases(now) || !lower(now, low)) {
        high = now;
        continue;
      }
      if (is_flat(now)) return now;
      if (now.slope * width >= 0) high = low;
      low = now;
    }
    return low;
  }

  const LineSearch& search_;
  const LinePoint& start_;
  const std::function<LinePoint(double)>& evaluate_;
  int left_ = search_.evaluations;
};

}  // namespace

LinePoint search_line(const LineSearch& search, const LinePoint& start, double first,
                      const std::function<LinePoint(double step)>& evaluate) {
  return LineSearcher(search, start, evaluate).run(first);
}

}  // namespace dagrad::detail
