#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"

/// The test problems of Moré, Garbow and Hillstrom, "Testing unconstrained optimization software",
/// ACM Transactions on Mathematical Software 7 (1981), with their numbers, standard starts and
/// published minima. Each is a sum of squares of the residuals that `residuals` returns for x [n].
namespace dagrad::test {

using Numbers = std::vector<double>;

struct MinimumProblem {
  int number;
  std::string name;
  Numbers start;
  /// The least values that are known. A descent may end in any of them.
  Numbers minima;
  std::function<std::vector<Value>(Graph& graph, const Value& x)> residuals;
};

/// The value of a problem, a scalar.
inline Value sum_of_squares(Graph& graph, const MinimumProblem& problem, const Value& x) {
  std::vector<Value> squares;
  for (const Value& residual : problem.residuals(graph, x))
    squares.push_back(sum(square(residual)));
  return add_n(squares);
}

std::vector<MinimumProblem> more_garbow_hillstrom();

}  // namespace dagrad::test
