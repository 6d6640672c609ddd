#pragma once

#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad::bench {

/// A formula of scalars, float64.
struct Formula {
  std::vector<Value> xs;
  std::vector<double> at;  ///< the values of the xs
  Value y;
};

constexpr int ops_of_term = 200;  ///< with those that add it to the sum
/// A sum of terms that all begin with the same inputs. Longer ones would amplify rounding errors.
Formula make_formula(Graph& graph, int terms);

}  // namespace dagrad::bench
