#include "src/check/derivative.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace dagrad::detail {

namespace {

constexpr int first_step = 3, last_step = 42;  // exponents of powers of one half
constexpr int grid_step =
    22;  // exponent at which a coarse grid of values shows and smooth functions cancel
constexpr double resolved = 1e-3;  // errors above this share of the slope are inconclusive
constexpr double close = 1e-6;
constexpr double exact = 1e-7;  // errors below this share count as none
constexpr double tiny = 1e-9;   // slopes below this share of the values are negligible

/// A central difference quotient.
struct Quotient {
  double step = 0;
  double slope = 0;
};

std::optional<Quotient> quotient(const Line& line, double step, std::uint64_t trace) {
  const ValueOnLine right = line(step), left = line(-step);
  if (!right.finite || !left.finite || right.trace != trace || left.trace != trace) return {};
  const double width = right.t - left.t;
  if (!(width > 0)) return {};
  return Quotient{width / 2, (right.value - left.value) / width};
}

/// Removes the term in step² from two approximations (Richardson 1911).
double extrapolate(double wide_step, double wide, double narrow_step, double narrow) {
  const double ratio = wide_step / narrow_step * (wide_step / narrow_step);
  return narrow + (narrow - wide) / (ratio - 1);
}

/// The standard deviation of the noise in nine equidistant values: the largest estimate from the
/// columns of their difference table, beginning with the one in which the function itself has
/// cancelled (Hamming; Moré and Wild 2011).
double noise(std::array<double, 9> values, int from) {
  double largest = 0, weight = 1;  // (k!)² / (2k)!
  for (int k = 1; k <= 8; ++k) {
    const auto rows = static_cast<std::size_t>(9 - k);
    double squares = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      values[i] = values[i + 1] - values[i];
      squares += values[i] * values[i];
    }
    weight *= k / (4.0 * k - 2);
    if (k >= from) largest = std::max(largest, weight * squares / static_cast<double>(rows));
  }
  return std::sqrt(largest);
}

/// Nine values around 0; empty if one of them is not finite or results from other decisions.
std::optional<std::array<double, 9>> values_around(const Line& line, int spacing,
                                                   std::uint64_t trace) {
  std::array<double, 9> values;
  for (int i = 0; i < 9; ++i) {
    const ValueOnLine point = line(std::ldexp(i - 4, -spacing));
    if (!point.finite || point.trace != trace) return {};
    values[static_cast<std::size_t>(i)] = point.value;
  }
  return values;
}

/// The noise of the function at 0; empty if it cannot be estimated.
std::optional<double> noise_at_zero(const Line& line, std::uint64_t trace) {
  const auto near = values_around(line, last_step + 2, trace);
  if (!near) return {};
  if (const double seen = noise(*near, 2); seen > 0) return seen;
  // Values may lie on a grid coarser than these steps, if a large number has been added and
  // subtracted again.
  const auto far = values_around(line, grid_step, trace);
  return far ? noise(*far, 4) : 0;
}

/// The derivative from three neighbouring steps.
Derivative window(const Quotient& wide, const Quotient& middle, const Quotient& narrow,
                  double noise) {
  const double outer = extrapolate(wide.step, wide.slope, middle.step, middle.slope);
  const double inner = extrapolate(middle.step, middle.slope, narrow.step, narrow.slope);
  const double ratio = wide.step / narrow.step;
  const double value = inner + (inner - outer) / (ratio * ratio - 1);
  return {value, 2 * (std::abs(value - inner) + 3 * noise / narrow.step)};
}

bool confirmed(const Derivative& a, const Derivative& by) {
  return std::isfinite(by.error) && std::abs(a.value - by.value) <= a.error + by.error;
}

/// The derivative from two steps, if they agree on one.
std::optional<double> two_step_slope(const Line& line) {
  const ValueOnLine here = line(0);
  const auto wide = quotient(line, 0x1p-10, here.trace),
             narrow = quotient(line, 0x1p-12, here.trace);
  if (!here.finite || !wide || !narrow) return {};
  const double value = extrapolate(wide->step, wide->slope, narrow->step, narrow->slope);
  if (!(std::abs(wide->slope - narrow->slope) <= resolved * std::abs(value))) return {};
  return value;
}

}  // namespace

Derivative differentiate(const Line& line, double floor) {
  const ValueOnLine here = line(0);
  const auto estimated = here.finite ? noise_at_zero(line, here.trace) : std::nullopt;
  if (!estimated) return {};
  const double noise = 4 * std::max(*estimated, floor);

  std::vector<std::optional<Quotient>> quotients;
  for (int k = first_step; k <= last_step; ++k)
    quotients.push_back(quotient(line, std::ldexp(1, -k), here.trace));
  std::vector<Derivative> windows;
  for (std::size_t k = 0; k + 2 < quotients.size(); ++k) {
    const auto &wide = quotients[k], &middle = quotients[k + 1], &narrow = quotients[k + 2];
    windows.push_back(wide && middle && narrow ? window(*wide, *middle, *narrow, noise)
                                               : Derivative{});
  }

  // A window must be confirmed by the one at an eighth of its steps, which resolves finer detail.
  std::optional<std::size_t> best;
  for (std::size_t k = 0; k + 3 < windows.size(); ++k) {
    if (!confirmed(windows[k], windows[k + 3])) continue;
    const auto good_enough = [&](std::size_t i) {
      return windows[i].error <= exact * std::abs(windows[i].value);
    };
    if (!best || good_enough(k) || (!good_enough(*best) && windows[k].error < windows[*best].error))
      best = k;
  }
  return best ? windows[*best] : Derivative{};
}

Verdict judge(double slope, const Derivative& derivative, double size) {
  const auto [value, error] = derivative;
  if (std::isnan(slope)) return Verdict::disagree;
  if (!std::isfinite(error)) return Verdict::unresolved;
  if (slope == 0 && std::abs(value) <= error) return Verdict::agree;
  if (std::isinf(slope)) return Verdict::disagree;
  const double larger = std::max(std::abs(slope), std::abs(value));
  if (larger <= error && error <= tiny * size) return Verdict::negligible;
  if (error > resolved * larger) return Verdict::unresolved;
  return std::abs(slope - value) <= std::max(close * larger, error) ? Verdict::agree
                                                                    : Verdict::disagree;
}

Judgement hold(const Line& line, double slope, double floor, double size) {
  const std::optional<double> quick = two_step_slope(line);
  if (quick && std::isfinite(slope) &&
      std::abs(slope - *quick) <= close * std::max(std::abs(slope), std::abs(*quick)))
    return {Verdict::agree, {*quick, close * std::abs(*quick)}};
  const Derivative derivative = differentiate(line, floor);
  const Verdict verdict = judge(slope, derivative, size);
  const bool hidden = verdict == Verdict::agree && slope == 0 && quick && *quick != 0;
  return {hidden ? Verdict::unresolved : verdict, derivative};
}

}  // namespace dagrad::detail
