#pragma once

#include <random>
#include <vector>

#include "dagrad/dagrad.hpp"

/// Random graphs that are rich in what the rules look for.
namespace dagrad::test {

struct RandomExpression {
  Graph graph;
  std::vector<Value> inputs;
  std::vector<Value> values;    ///< all values that were made, in their order
  std::vector<Tensor> tensors;  ///< numbers for the inputs
};

/// The same expression for the same seed. `smooth` leaves out ops that choose by a comparison or
/// jump, where a rounding error may change the choice.
RandomExpression random_expression(unsigned seed, DType dtype, bool smooth);

}  // namespace dagrad::test
