#include "dagrad/ops/einsum.hpp"

#include <string>

#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/shape_ops.hpp"

namespace dagrad {

namespace {

void check_vectors(const std::string& name, const Operand& left, const Operand& right) {
  if (left.rank() != 1 || right.rank() != 1)
    throw ShapeError(name + ": needs two vectors, got " + to_string(left.shape()) + " and " +
                     to_string(right.shape()));
}

}  // namespace

Value dot(const Operand& left, const Operand& right) {
  check_vectors("dot", left, right);
  if (left.shape() != right.shape())
    throw ShapeError("dot: needs vectors of one size, got " + to_string(left.shape()) + " and " +
                     to_string(right.shape()));
  return matmul(left, right);
}

Value outer(const Operand& left, const Operand& right) {
  check_vectors("outer", left, right);
  Transaction transaction{left, right};
  return transaction.keep(mul(unsqueeze(left, {1}), right));
}

}  // namespace dagrad
