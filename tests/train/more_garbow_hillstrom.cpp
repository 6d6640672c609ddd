#include "tests/train/more_garbow_hillstrom.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

#include "tests/train/constants.hpp"

namespace dagrad::test {

namespace {

// ---- few variables

std::vector<MinimumProblem> two_variables() {
  return {
      {1,
       "Rosenbrock",
       {-1.2, 1},
       {0},
       [](Graph&, const Value& x) {
         return Values{10 * (x[1] - square(x[0])), 1 - x[0]};
       }},
      {2,
       "Freudenstein and Roth",
       {0.5, -2},
       {0, 48.98425},
       [](Graph&, const Value& x) {
         return Values{-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1],
                       -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]};
       }},
      {3,
       "Powell badly scaled",
       {0, 1},
       {0},
       [](Graph&, const Value& x) {
         return Values{1e4 * x[0] * x[1] - 1, exp(-x[0]) + exp(-x[1]) - 1.0001};
       }},
      {4,
       "Brown badly scaled",
       {1, 1},
       {0},
       [](Graph&, const Value& x) {
         return Values{x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2};
       }},
      {5,
       "Beale",
       {1, 1},
       {0},
       [](Graph&, const Value& x) {
         return Values{1.5 - x[0] * (1 - x[1]), 2.25 - x[0] * (1 - pow(x[1], 2)),
                       2.625 - x[0] * (1 - pow(x[1], 3))};
       }},
      {6,
       "Jennrich and Sampson",
       {0.3, 0.4},
       {124.36218},
       [](Graph& graph, const Value& x) {
         const Value i = counted(graph, 10);
         return Values{2 + 2 * i - (exp(i * x[0]) + exp(i * x[1]))};
       }},
  };
}

std::vector<MinimumProblem> three_variables() {
  return {
      {7,
       "Helical valley",
       {-1, 0, 0},
       {0},
       [](Graph&, const Value& x) {
         const Value angle = atan(x[1] / x[0]) / (2 * std::numbers::pi);
         const Value turns = where(x[0] > 0, angle, angle + 0.5);
         return Values{10 * (x[2] - 10 * turns), 10 * (hypot(x[0], x[1]) - 1), x[2]};
       }},
      {8,
       "Bard",
       {1, 1, 1},
       {8.21487e-3},
       [](Graph& graph, const Value& x) {
         const Value u = counted(graph, 15), v = 16 - u;
         const Value y = constants(graph, {0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37,
                                           0.58, 0.73, 0.96, 1.34, 2.10, 4.39});
         return Values{y - (x[0] + u / (v * x[1] + minimum(u, v) * x[2]))};
       }},
      {9,
       "Gaussian",
       {0.4, 1, 0},
       {1.12793e-8},
       [](Graph& graph, const Value& x) {
         const Value t = constants(graph, 15, [](double i) { return (8 - i) / 2; });
         const Value y =
             constants(graph, {0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989,
                               0.3521, 0.2420, 0.1295, 0.0540, 0.0175, 0.0044, 0.0009});
         return Values{x[0] * exp(-x[1] * square(t - x[2]) / 2) - y};
       }},
      {10,
       "Meyer",
       {0.02, 4000, 250},
       {87.94586},
       [](Graph& graph, const Value& x) {
         const Value t = constants(graph, 16, [](double i) { return 45 + 5 * i; });
         const Value y = constants(graph, {34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744,
                                           8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872});
         return Values{x[0] * exp(x[1] / (t + x[2])) - y};
       }},
      {11,
       "Gulf research and development",
       {5, 2.5, 0.15},
       {0},
       [](Graph& graph, const Value& x) {
         const Value t = constants(graph, 99, [](double i) { return i / 100; });
         const Value y = constants(
             graph, 99, [](double i) { return 25 + std::pow(-50 * std::log(i / 100), 2.0 / 3); });
         return Values{exp(-pow(abs(y - x[1]), x[2]) / x[0]) - t};
       }},
      {12,
       "Box three-dimensional",
       {0, 10, 20},
       {0},
       [](Graph& graph, const Value& x) {
         const Value t = constants(graph, 10, [](double i) { return i / 10; });
         return Values{exp(-t * x[0]) - exp(-t * x[1]) - x[2] * (exp(-t) - exp(-10 * t))};
       }},
  };
}

std::vector<MinimumProblem> four_variables() {
  return {
      {13,
       "Powell singular",
       {3, -1, 0, 1},
       {0},
       [](Graph&, const Value& x) {
         return Values{x[0] + 10 * x[1], std::sqrt(5.0) * (x[2] - x[3]), square(x[1] - 2 * x[2]),
                       std::sqrt(10.0) * square(x[0] - x[3])};
       }},
      {14,
       "Wood",
       {-3, -1, -3, -1},
       {0},
       [](Graph&, const Value& x) {
         return Values{10 * (x[1] - square(x[0])),
                       1 - x[0],
                       std::sqrt(90.0) * (x[3] - square(x[2])),
                       1 - x[2],
                       std::sqrt(10.0) * (x[1] + x[3] - 2),
                       (x[1] - x[3]) / std::sqrt(10.0)};
       }},
      {15,
       "Kowalik and Osborne",
       {0.25, 0.39, 0.415, 0.39},
       {3.07505e-4},
       [](Graph& graph, const Value& x) {
         const Value y = constants(graph, {0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456,
                                           0.0342, 0.0323, 0.0235, 0.0246});
         const Value u =
             constants(graph, {4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625});
         return Values{y - x[0] * (square(u) + u * x[1]) / (square(u) + u * x[2] + x[3])};
       }},
      {16,
       "Brown and Dennis",
       {25, 5, -5, -1},
       {85822.20},
       [](Graph& graph, const Value& x) {
         const Value t = constants(graph, 20, [](double i) { return i / 5; });
         return Values{square(x[0] + t * x[1] - exp(t)) + square(x[2] + x[3] * sin(t) - cos(t))};
       }},
  };
}

std::vector<MinimumProblem> data_to_fit() {
  return {
      {17,
       "Osborne 1",
       {0.5, 1.5, -1, 0.01, 0.02},
       {5.46489e-5},
       [](Graph& graph, const Value& x) {
         const Value y = constants(
             graph, {0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751,
                     0.718, 0.685, 0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490,
                     0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406});
         const Value t = constants(graph, 33, [](double i) { return 10 * (i - 1); });
         return Values{y - (x[0] + x[1] * exp(-t * x[3]) + x[2] * exp(-t * x[4]))};
       }},
      {18,
       "Biggs EXP6",
       {1, 2, 1, 1, 1, 1},
       {5.65565e-3, 0},
       [](Graph& graph, const Value& x) {
         const Value t = constants(graph, 13, [](double i) { return i / 10; });
         const Value y = exp(-t) - 5 * exp(-10 * t) + 3 * exp(-4 * t);
         return Values{x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) + x[5] * exp(-t * x[4]) - y};
       }},
      {19,
       "Osborne 2",
       {1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5},
       {4.01377e-2},
       [](Graph& graph, const Value& x) {
         const Value y = constants(
             graph, {1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746,
                     0.679, 0.608, 0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649,
                     0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395,
                     0.375, 0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653,
                     0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559, 0.597, 0.625, 0.739,
                     0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054});
         const Value t = constants(graph, 65, [](double i) { return (i - 1) / 10; });
         const auto peak = [&](int i) { return exp(-square(t - x[i + 8]) * x[i + 5]); };
         return Values{y -
                       (x[0] * exp(-t * x[4]) + x[1] * peak(0) + x[2] * peak(1) + x[3] * peak(2))};
       }},
      {20,
       "Watson",
       Numbers(6),
       {2.28767e-3},
       [](Graph& graph, const Value& x) {
         const Value t = constants(graph, 29, [](double i) { return i / 29; });
         const std::int64_t n = x.size();
         Values slope, sum_of_powers;
         for (std::int64_t j = 0; j < n; ++j) {
           sum_of_powers.push_back(x[j] * pow(t, static_cast<double>(j)));
           if (j > 0)
             slope.push_back(static_cast<double>(j) * x[j] * pow(t, static_cast<double>(j - 1)));
         }
         return Values{add_n(slope) - square(add_n(sum_of_powers)) - 1, x[0],
                       x[1] - square(x[0]) - 1};
       }},
  };
}

// ---- any number of variables

std::vector<MinimumProblem> many_variables() {
  const double e10 = std::exp(0.1);
  return {
      {21,
       "Extended Rosenbrock",
       repeated({-1.2, 1}, 20),
       {0},
       [](Graph&, const Value& x) {
         const Value odd = x[{.step = 2}], even = x[{.begin = 1, .step = 2}];
         return Values{10 * (even - square(odd)), 1 - odd};
       }},
      {22,
       "Extended Powell singular",
       repeated({3, -1, 0, 1}, 15),
       {0},
       [](Graph&, const Value& x) {
         const Value a = x[{.step = 4}], b = x[{.begin = 1, .step = 4}],
                     c = x[{.begin = 2, .step = 4}], d = x[{.begin = 3, .step = 4}];
         return Values{a + 10 * b, std::sqrt(5.0) * (c - d), square(b - 2 * c),
                       std::sqrt(10.0) * square(a - d)};
       }},
      {23,
       "Penalty I",
       each(10, [](double i) { return i; }),
       {7.08765e-5},
       [](Graph&, const Value& x) {
         return Values{std::sqrt(1e-5) * (x - 1), sum(square(x)) - 0.25};
       }},
      {24,
       "Penalty II",
       Numbers(10, 0.5),
       {2.93660e-4},
       [e10](Graph& graph, const Value& x) {
         const Value y = constants(
             graph, 9, [](double i) { return std::exp((i + 1) / 10) + std::exp(i / 10); });
         const Value weights = constants(graph, 10, [](double i) { return 11 - i; });
         const Value later = exp(x[{.begin = 1}] / 10);
         const double a = std::sqrt(1e-5);
         return Values{x[0] - 0.2, a * (later + exp(x[{.end = -1}] / 10) - y),
                       a * (later - 1 / e10), sum(weights * square(x)) - 1};
       }},
      {25,
       "Variably dimensioned",
       each(10, [](double i) { return 1 - i / 10; }),
       {0},
       [](Graph& graph, const Value& x) {
         const Value s = sum(counted(graph, 10) * (x - 1));
         return Values{x - 1, s, square(s)};
       }},
      {26,
       "Trigonometric",
       Numbers(10, 0.1),
       {2.79506e-5, 0},
       [](Graph& graph, const Value& x) {
         const Value i = counted(graph, 10);
         return Values{10 - sum(cos(x)) + i * (1 - cos(x)) - sin(x)};
       }},
      {27,
       "Brown almost-linear",
       Numbers(10, 0.5),
       {0, 1},
       [](Graph&, const Value& x) {
         return Values{x[{.end = -1}] + sum(x) - 11, prod(x) - 1};
       }},
      {30,
       "Broyden tridiagonal",
       Numbers(10, -1),
       {0},
       [](Graph&, const Value& x) {
         const Value before = pad(x[{.end = -1}], {1}, {0}), after = pad(x[{.begin = 1}], {0}, {1});
         return Values{(3 - 2 * x) * x - before - 2 * after + 1};
       }},
  };
}

std::vector<MinimumProblem> sums_over_variables() {
  return {
      {28,
       "Discrete boundary value",
       each(10, [](double i) { return i / 11 * (i / 11 - 1); }),
       {0},
       [](Graph& graph, const Value& x) {
         const Value t = constants(graph, 10, [](double i) { return i / 11; });
         const Value before = pad(x[{.end = -1}], {1}, {0}), after = pad(x[{.begin = 1}], {0}, {1});
         return Values{2 * x - before - after + pow(x + t + 1, 3) / 242};
       }},
      {29,
       "Discrete integral equation",
       each(10, [](double i) { return i / 11 * (i / 11 - 1); }),
       {0},
       [](Graph& graph, const Value& x) {
         const Value t = constants(graph, 10, [](double i) { return i / 11; });
         const Value cube = pow(x + t + 1, 3), below = cumsum(t * cube, 0);
         const Value beyond = (1 - t) * cube, above = sum(beyond) - cumsum(beyond, 0);
         return Values{x + ((1 - t) * below + t * above) / 22};
       }},
      {31,
       "Broyden banded",
       Numbers(10, -1),
       {0},
       [](Graph&, const Value& x) {
         Values residuals;
         for (std::int64_t i = 0; i < 10; ++i) {
           Values band{x[i] * (2 + 5 * square(x[i])) + 1};
           for (std::int64_t j = std::max<std::int64_t>(0, i - 5);
                j <= std::min<std::int64_t>(9, i + 1); ++j)
             if (j != i) band.push_back(-x[j] * (1 + x[j]));
           residuals.push_back(add_n(band));
         }
         return residuals;
       }},
      {32,
       "Linear, full rank",
       Numbers(10, 1),
       {10},  // m - n with m = 20
       [](Graph&, const Value& x) {
         const Value mean = 2 * sum(x) / 20;
         return Values{x - mean - 1, std::sqrt(10.0) * (-mean - 1)};
       }},
      {33,
       "Linear, rank 1",
       Numbers(10, 1),
       {380.0 / 82},  // m (m - 1) / (2 (2 m + 1))
       [](Graph& graph, const Value& x) {
         const Value j = counted(graph, 10);
         const Value i = counted(graph, 20);
         return Values{i * sum(j * x) - 1};
       }},
      {34,
       "Linear, rank 1 with zero columns and rows",
       Numbers(10, 1),
       {454.0 / 74},
       [](Graph& graph, const Value& x) {  // (m² + 3 m - 6) / (2 (2 m - 3))
         const Value j = constants(graph, {0, 2, 3, 4, 5, 6, 7, 8, 9, 0});
         const Value i = counted(graph, 18);
         return Values{i * sum(j * x) - 1, std::sqrt(2.0) * ones_like(x[0])};
       }},
      {35,
       "Chebyquad",
       each(8, [](double i) { return i / 9; }),
       {3.51687e-3},
       [](Graph&, const Value& x) {
         const Value y = 2 * x - 1;
         Value before = ones_like(x), now = y;
         Values residuals;
         for (int i = 1; i <= 8; ++i) {
           residuals.push_back(mean(now) - (i % 2 == 0 ? -1.0 / (i * i - 1) : 0.0));
           const Value next = 2 * y * now - before;
           before = now;
           now = next;
         }
         return residuals;
       }},
  };
}

}  // namespace

std::vector<MinimumProblem> more_garbow_hillstrom() {
  std::vector<MinimumProblem> all;
  for (const auto& some : {two_variables(), three_variables(), four_variables(), data_to_fit(),
                           many_variables(), sums_over_variables()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

}  // namespace dagrad::test
