#include "dagrad/ops/pooling.hpp"

#include "dagrad/ops/reduce.hpp"

namespace dagrad {

Value global_avg_pool(const Operand& in) {
  if (in.rank() != 4)
    throw ShapeError("global_avg_pool: needs [n, c, h, w], got " + to_string(in.shape()));
  return mean(in, {2, 3});
}

}  // namespace dagrad
