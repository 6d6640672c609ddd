#include "src/train/line_search.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace dagrad {
namespace {

struct Line {
  std::string name;
  std::function<detail::LinePoint(double)> at;
};

/// Functions 1 to 3 of Moré and Thuente, "Line search algorithms with guaranteed sufficient
/// decrease", ACM Transactions on Mathematical Software 20 (1994), and one with a wall.
std::vector<Line> lines() {
  const auto first = [](double a) -> detail::LinePoint {
    return {a, -a / (a * a + 2), (a * a - 2) / std::pow(a * a + 2, 2)};
  };
  const auto second = [](double a) -> detail::LinePoint {
    const double b = a + 0.004;
    return {a, std::pow(b, 5) - 2 * std::pow(b, 4), 5 * std::pow(b, 4) - 8 * std::pow(b, 3)};
  };
  const auto third = [](double a) -> detail::LinePoint {
    constexpr double beta = 0.01, l = 39, pi = 3.14159265358979323846;
    const double base = a <= 1 - beta   ? 1 - a
                        : a >= 1 + beta ? a - 1
                                        : (a - 1) * (a - 1) / (2 * beta) + beta / 2;
    const double slope = a <= 1 - beta ? -1 : a >= 1 + beta ? 1 : (a - 1) / beta;
    return {a, base + 2 * (1 - beta) / (l * pi) * std::sin(l * pi / 2 * a),
            slope + (1 - beta) * std::cos(l * pi / 2 * a)};
  };
  const auto wall = [](double a) -> detail::LinePoint {
    return {a, -2 * a - std::log(1 - a / 2), -2 + 0.5 / (1 - a / 2)};
  };
  return {{"rational", first}, {"quintic", second}, {"oscillating", third}, {"wall", wall}};
}

TEST(LineSearch, EndsWhereTheStrongWolfeConditionsHold) {
  for (const Line& line : lines())
    for (const double first : {1e-3, 1e-1, 1.0, 10.0, 1e3})
      for (const auto& [decrease, curvature] : {std::pair(1e-4, 0.9), {1e-3, 0.1}, {0.1, 0.1}}) {
        const detail::LinePoint start = line.at(0);
        int evaluations = 0;
        const detail::LinePoint end =
            detail::search_line({decrease, curvature, 50}, start, first, [&](double step) {
              ++evaluations;
              return line.at(step);
            });
        EXPECT_GT(end.step, 0) << line.name << " from " << first;
        EXPECT_LE(end.value, start.value + decrease * end.step * start.slope) << line.name;
        EXPECT_LE(std::abs(end.slope), -curvature * start.slope) << line.name << " from " << first;
        EXPECT_LE(evaluations, 25) << line.name << " from " << first;
      }
}

TEST(LineSearch, GivesUpAtTheStart) {
  int evaluations = 0;
  const auto rises = [&](double step) -> detail::LinePoint {
    ++evaluations;
    return {step, step, 1};
  };
  EXPECT_EQ(detail::search_line({1e-4, 0.9, 20}, {0, 0, -1}, 1, rises).step, 0);
  EXPECT_EQ(evaluations, 20);
  const auto undefined = [](double step) -> detail::LinePoint { return {step, NAN, NAN}; };
  EXPECT_EQ(detail::search_line({1e-4, 0.9, 20}, {0, 0, -1}, 1, undefined).step, 0);
  const auto falls = [](double step) -> detail::LinePoint { return {step, -step, -1}; };
  EXPECT_GT(detail::search_line({1e-4, 0.9, 20}, {0, 0, -1}, 1, falls).step, 1e6)
      << "unbounded: the lowest point so far";
}

}  // namespace
}  // namespace dagrad
