#include <array>
#include <cstdint>

#include "dagrad/error.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/passes/sums.hpp"
#include "dagrad/scratch.hpp"
#include "dagrad/strides.hpp"
#include "src/tensor/finite_elements.hpp"

namespace dagrad {

namespace {

Matmul product_of(const SummedProduct& op) { return {op.transpose_left, op.transpose_right}; }

View written(const MutableView& result) { return {result.data, result.type}; }

std::size_t summed_operand(const SummedProduct& op) { return op.columns ? 1 : 0; }

/// Sums the operand that is summed: its rows, or columns, as the product uses it.
Sum sum_of_operand(const SummedProduct& op) {
  const bool transposed = op.columns ? op.transpose_right : op.transpose_left;
  return Sum{{{op.columns != transposed ? -1 : -2}, true}};
}

/// What is summed first: the matrix, its sums, and where they are in scratch memory.
struct SumMemory {
  Type type;
  ScratchLayout layout;
  ScratchPart sums, rest;

  SumMemory(const SummedProduct& op, std::span<const Type> in, const Machine& machine) {
    const Type& matrix = in[summed_operand(op)];
    const Sum sum = sum_of_operand(op);
    type = sum.infer({&matrix, 1});
    sums = layout.add(type.dtype, type.elements());
    rest = layout.add<std::byte>(
        static_cast<std::int64_t>(sum.scratch(PlanContext({&matrix, 1}, {&type, 1}, machine))));
  }
};

/// A matrix, or a transposed one.
template <class T>
struct Strided {
  const T* data;
  std::int64_t down, right;

  T operator()(std::int64_t i, std::int64_t j) const { return data[i * down + j * right]; }
};
template <class T>
Strided<T> transposed(const Strided<T>& matrix) {
  return {matrix.data, matrix.right, matrix.down};
}

/// The sum of column j of a product, in the order in which it is defined.
template <class T>
T sum_of_column(const Strided<T>& a, const Strided<T>& b, std::int64_t m, std::int64_t k,
                std::int64_t j) {
  T sum = 0;
  for (std::int64_t i = 0; i < m; ++i) {
    T element = 0;
    for (std::int64_t l = 0; l < k; ++l) element += a(i, l) * b(l, j);
    sum += element;
  }
  return sum;
}

/// Computes results that are not finite again, without summing a matrix first.
template <class T>
void compute_again(const SummedProduct& op, const EvalContext& c) {
  const auto outer = [](const Shape& shape) {
    return Shape(shape.dims().first(static_cast<std::size_t>(shape.rank() - 2)));
  };
  const auto matrix = [&](std::size_t i, bool is_transposed, std::int64_t offset) {
    const Shape& shape = c.in_shape(i);
    const std::int64_t rows = shape[shape.rank() - 2], columns = shape[shape.rank() - 1];
    const Strided<T> stored{c.in<T>(i).data() + offset * rows * columns, columns, 1};
    return is_transposed ? transposed(stored) : stored;
  };
  const Shape &left = c.in_shape(0), &right = c.in_shape(1), &out = c.out_shape();
  const std::int64_t k = left[left.rank() - (op.transpose_left ? 2 : 1)];
  const std::int64_t m = op.columns ? right[right.rank() - (op.transpose_right ? 2 : 1)]
                                    : left[left.rank() - (op.transpose_left ? 1 : 2)];
  const std::int64_t n = out[out.rank() - (op.columns ? 2 : 1)];
  const StridedAxes<2> batch = broadcast_axes({outer(left), outer(right)}, outer(out));
  const std::span<T> results = c.out<T>();
  for (std::int64_t at = 0; at < std::ssize(results); ++at) {
    if (detail::all_finite(written(c.outs[0]), at, at + 1)) continue;
    const Strided<T> a = matrix(0, op.transpose_left, batch.offset(at / n, 0));
    const Strided<T> b = matrix(1, op.transpose_right, batch.offset(at / n, 1));
    results[static_cast<std::size_t>(at)] =
        op.columns ? sum_of_column(transposed(b), transposed(a), m, k, at % n)
                   : sum_of_column(a, b, m, k, at % n);
  }
}

}  // namespace

Type SummedProduct::infer(std::span<const Type> in) const {
  for (const Type& type : in)
    if (type.shape.rank() < 2) throw ShapeError("needs two matrices, got " + to_string(type.shape));
  const Type product = product_of(*this).infer(in);
  return Sum{{{columns ? -1 : -2}, true}}.infer({&product, 1});
}

std::uint32_t SummedProduct::row_operands(std::span<const Type> in) const {
  const std::size_t summed = summed_operand(*this);
  const bool keeps_order = sum_of_operand(*this).row_operands(in.subspan(summed, 1)) != 0;
  const bool has_batches = in[0].shape.rank() > 2 || in[1].shape.rank() > 2;
  return keeps_order && has_batches ? product_of(*this).row_operands(in) : 0;
}

std::size_t SummedProduct::scratch(const PlanContext& plan) const {
  return SumMemory(*this, plan.in, plan.machine()).layout.bytes();
}

double SummedProduct::flops(const PlanContext& plan) const {
  const double sums = static_cast<double>(plan.in[summed_operand(*this)].elements());
  return sums + product_of(*this).flops(plan);
}

void SummedProduct::eval(const EvalContext& c) const {
  const std::array types{c.ins[0].type, c.ins[1].type};
  const SumMemory first(*this, types, c.machine());
  const std::size_t summed = summed_operand(*this);
  const MutableView sums{first.sums.in<std::byte>(c.scratch()).data(), first.type};
  sum_of_operand(*this).eval(EvalContext(c.ins.subspan(summed, 1), {&sums, 1},
                                         first.rest.in<std::byte>(c.scratch()).data(), c.machine(),
                                         c.parallel, nullptr));
  std::array matrices{c.ins[0], c.ins[1]};
  matrices[summed] = {sums.data, sums.type};
  product_of(*this).eval(EvalContext(matrices, c.outs, nullptr, c.machine(), c.parallel, nullptr));
  if (detail::all_finite(written(c.outs[0]), 0, c.out_shape().elements())) return;
  c.outs[0].type.dtype == f32 ? compute_again<float>(*this, c) : compute_again<double>(*this, c);
}

}  // namespace dagrad
