#include "dagrad/ops/linalg.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/kernels/gemm.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "dagrad/strides.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/matrices.hpp"
#include "ops/unrolling.hpp"

namespace dagrad {

namespace {

/// An operand as the product uses it, transposed on request.
struct Factor {
  Shape batch;
  std::int64_t rows = 1, columns = 1;
  Factor(const Shape& shape, bool transposed, bool left) {
    const int rank = shape.rank();
    if (rank == 0)
      throw ShapeError(std::string(left ? "left" : "right") + " must not be a scalar, got []");
    if (rank == 1) {
      (left ? columns : rows) = shape[0];
      return;
    }
    batch = Shape(shape.dims().first(static_cast<std::size_t>(rank - 2)));
    rows = shape[transposed ? rank - 1 : rank - 2];
    columns = shape[transposed ? rank - 2 : rank - 1];
  }
};

/// The shape to show in the text of an error.
std::string seen(const Shape& shape, bool transposed) {
  if (!transposed || shape.rank() < 2) return to_string(shape);
  std::vector<std::int64_t> dims(shape.begin(), shape.end());
  std::swap(dims.end()[-1], dims.end()[-2]);
  return to_string(Shape(dims));
}

template <class T>
void multiply(const EvalContext& c, Factor left, Factor right, bool transpose_left,
              bool transpose_right, const kernels::Epilogue& epilogue) {
  Shape batch = broadcast(left.batch, right.batch);
  if (right.batch.elements() == 1 && !transpose_left) {  // a single product of all rows
    left.rows *= left.batch.elements();
    left.batch = right.batch = batch = {};
  }
  const std::int64_t m = left.rows, k = left.columns, n = right.columns;
  const StridedAxes<2> matrices = broadcast_axes({left.batch, right.batch}, batch);
  const auto product = [&](const Parallel& parallel, std::int64_t at) {
    const T* const a = c.in<T>(0).data() + matrices.offset(at, 0) * m * k;
    const T* const b = c.in<T>(1).data() + matrices.offset(at, 1) * k * n;
    const auto of_all_rows = [&](std::int64_t row, std::int64_t column, std::int64_t rows,
                                 std::int64_t columns) {
      epilogue(at * m + row, column, rows, columns);
    };
    kernels::gemm<T>(c.machine(), parallel, m, n, k, {a, transpose_left ? m : k, transpose_left},
                     {b, transpose_right ? k : n, transpose_right},
                     {c.out<T>().data() + at * m * n, n, false}, false,
                     epilogue ? kernels::Epilogue(of_all_rows) : kernels::Epilogue());
  };
  each_product(c.parallel, batch.elements(), m * n * k, product);
}

/// A product of few elements: adds the products of one k after the other to all results, which
/// gives the sums of `kernels::gemm`.
bool unroll_product(Unrolled& code, const Factor& left, const Factor& right, bool transpose_left,
                    bool transpose_right) {
  const DType dtype = code.out[0].dtype;
  const std::int64_t m = left.rows, k = left.columns, n = right.columns;
  const std::int64_t results = code.out[0].elements();
  if ((dtype != f32 && dtype != f64) || k == 0 || results == 0 || results > most_unrolled / k)
    return false;
  const StridedAxes<2> matrices =
      broadcast_axes({left.batch, right.batch}, broadcast(left.batch, right.batch));
  Unrolled::Lanes sum = code.fill(dtype, 0, static_cast<std::size_t>(results));
  for (std::int64_t l = 0; l < k; ++l) {
    std::vector<Unrolled::Element> a, b;
    for (std::int64_t at = 0; at < results; ++at) {
      const std::int64_t product = at / (m * n), i = at / n % m, j = at % n;
      const std::int64_t row = transpose_left ? l * m + i : i * k + l;
      const std::int64_t column = transpose_right ? j * k + l : l * n + j;
      a.push_back({0, static_cast<std::uint32_t>(matrices.offset(product, 0) * m * k + row)});
      b.push_back({1, static_cast<std::uint32_t>(matrices.offset(product, 1) * k * n + column)});
    }
    sum = code.multiply_add(code.read(std::move(a)), code.read(std::move(b)), sum);
  }
  code.write(0, sum);
  return true;
}

/// Swaps the last two axes and keeps all others.
bool swaps_last(const Transpose& op) {
  const std::size_t rank = op.axes.size();
  if (rank < 2) return false;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t from = i + 2 == rank ? i + 1 : i + 1 == rank ? i - 1 : i;
    if (normalize_axis(op.axes[i], static_cast<int>(rank)) != static_cast<int>(from)) return false;
  }
  return true;
}

/// The operand of a transpose that swaps the last two axes, and whether there was one.
std::pair<Operand, bool> untransposed(const Operand& x) {
  if (!x.is_literal() && x.rank() >= 2) {
    const Node node = x.value().node();
    const auto* const op = node.op().get_if<Transpose>();
    if (op && swaps_last(*op)) return {node.operands()[0], true};
  }
  return {x, false};
}

Value product(const Operand& left, bool transpose_left, const Operand& right,
              bool transpose_right) {
  return apply(Matmul{transpose_left, transpose_right}, {left, right});
}

/// The common dtype of both operands; the op itself refuses float32 next to float64.
Operand in_common_dtype(const Operand& x, const Operand& other) {
  if (x.is_literal() || other.is_literal() || (is_float(x.dtype()) && is_float(other.dtype()))) {
    return x;
  }
  const DType dtype = promote(x.dtype(), other.dtype());
  return x.dtype() == dtype ? x : cast(x, dtype);
}

}  // namespace

Type Matmul::infer(std::span<const Type> in) const {
  if (in[0].dtype != in[1].dtype) {
    throw TypeError("operands must have the same dtype, got " +
                    std::string(dagrad::name(in[0].dtype)) + " and " +
                    std::string(dagrad::name(in[1].dtype)) + "; convert with cast");
  }
  const Factor left(in[0].shape, transpose_left, true), right(in[1].shape, transpose_right, false);
  const std::string shapes[] = {seen(in[0].shape, transpose_left),
                                seen(in[1].shape, transpose_right)};
  if (left.columns != right.rows) {
    throw ShapeError("inner dimensions differ: left " + shapes[0] + " needs " +
                     std::to_string(left.columns) + " rows on the right, got " + shapes[1]);
  }
  Shape batch;
  try {
    batch = broadcast(left.batch, right.batch);
  } catch (const ShapeError&) {
    throw ShapeError("batches do not broadcast: left " + shapes[0] + ", right " + shapes[1]);
  }
  std::vector<std::int64_t> dims(batch.begin(), batch.end());
  if (in[0].shape.rank() > 1) dims.push_back(left.rows);
  if (in[1].shape.rank() > 1) dims.push_back(right.columns);
  return {in[0].dtype, Shape(dims)};
}

void Matmul::eval(const EvalContext& c) const { eval_with(c, {}); }

void Matmul::eval_with(const EvalContext& c, const kernels::Epilogue& epilogue) const {
  const Factor left(c.in_shape(0), transpose_left, true);
  const Factor right(c.in_shape(1), transpose_right, false);
  with_int_or_float(c.outs[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    multiply<T>(c, left, right, transpose_left, transpose_right, epilogue);
  });
}

bool Matmul::unroll(Unrolled& code) const {
  return unroll_product(code, {code.in[0].shape, transpose_left, true},
                        {code.in[1].shape, transpose_right, false}, transpose_left,
                        transpose_right);
}

// Only the ranks tell whether batches may have been broadcast; two plain matrices never are.
Grads Matmul::grad(const GradContext& g) const {
  const bool row = g.in[0].rank() == 1, column = g.in[1].rank() == 1;
  const Value left = row ? unsqueeze(g.in[0], {0}) : g.in[0];
  const Value right = column ? unsqueeze(g.in[1], {-1}) : g.in[1];
  Value dout = row ? unsqueeze(g.dout, {column ? -1 : -2}) : g.dout;
  if (column) dout = unsqueeze(dout, {-1});

  const auto left_gradient = [&] {
    const Value dleft = transpose_left ? product(right, transpose_right, dout, true)
                                       : product(dout, false, right, !transpose_right);
    return row || right.rank() > 2 ? sum_to_like(dleft, g.in[0]) : dleft;
  };
  const auto right_gradient = [&] {
    // One right matrix for a batch on the left: a single product over all rows of the batch instead
    // of many products to add up.
    const bool shared = right.rank() == 2 && left.rank() > 2 && !transpose_left;
    const Value rows = shared ? flatten(left, 0, -2) : left;
    const Value drows = shared ? flatten(dout, 0, -2) : dout;
    const Value dright = transpose_right ? product(drows, true, rows, transpose_left)
                                         : product(rows, !transpose_left, drows, false);
    const Value own = column ? squeeze(dright, {-1}) : dright;
    return left.rank() > 2 && !shared ? sum_to_like(own, g.in[1]) : own;
  };
  return {g.if_wanted(0, left_gradient), g.if_wanted(1, right_gradient)};
}

/// A batch of vectors is a matrix to an operand that is not batched. Otherwise vectors become
/// matrices, so that no batch axis is taken for one of a matrix.
std::vector<Value> Matmul::batch(const BatchContext& b) const {
  if (b.rank(0) > 1 && b.rank(1) > 1) return b.broadcasting(b.op());
  const bool row = b.rank(0) == 1, column = b.rank(1) == 1;
  if (row && !b.batched(1) && b.rank(1) <= 2)
    return {product(b.in[0], false, b.in[1], transpose_right)};
  if (column && !b.batched(0) && b.rank(0) <= 2)
    return {product(b.in[1], false, b.in[0], !row && !transpose_left)};
  const int rank = std::max({b.rank(0), b.rank(1), 2});
  const auto as_matrix = [&](std::size_t i, std::int64_t axis) {
    if (b.rank(i) > 1) return b.aligned(i, rank);
    const Value matrix = unsqueeze(b.in[i], {axis});
    if (!b.batched(i) || rank == 2) return matrix;
    std::vector<std::int64_t> added;
    for (int at = 3; at <= rank; ++at) added.push_back(at - 2);
    return unsqueeze(matrix, added);
  };
  const Value left = as_matrix(0, -2), right = as_matrix(1, -1);
  Value out = product(left, transpose_left, right, transpose_right);
  if (column) out = squeeze(out, {-1});
  if (row) out = squeeze(out, {column ? -1 : -2});
  return {out};
}

double Matmul::cost(const PlanContext& plan) const {
  const auto size = static_cast<double>(size_of(plan.out[0].dtype));
  const double rate = is_float(plan.out[0].dtype) ? 320 : 8;
  return 100 + flops(plan) * size / rate;
}

double Matmul::flops(const PlanContext& plan) const {
  const Factor left(plan.in[0].shape, transpose_left, true);
  return 2 * static_cast<double>(plan.out[0].elements() * left.columns);
}

Samples Matmul::samples(Rng& rng) {
  const auto sample = [&](const Shape& left, const Shape& right, Matmul op = {}) {
    return Sample{op, {rng.uniform(left, -2, 2), rng.uniform(right, -2, 2)}};
  };
  return {sample({2, 3}, {3, 4}),
          sample({3, 2}, {3, 4}, {true, false}),
          sample({2, 3}, {4, 3}, {false, true}),
          sample({3, 2}, {4, 3}, {true, true}),
          sample({3}, {3}),
          sample({3}, {3, 2}),
          sample({2, 3}, {3}),
          sample({2, 2, 3}, {3}),
          sample({3}, {2, 3, 4}),
          sample({2, 2, 3}, {3, 2}),
          sample({2, 2, 3}, {2, 3}, {false, true}),
          sample({2, 3, 2}, {3, 2}, {true, false}),
          sample({2, 3}, {2, 3, 2}),
          sample({2, 3}, {1, 3, 4}),
          sample({2, 1, 2, 3}, {3, 3, 2}),
          sample({2, 3}, {3, 0}),
          sample({2, 0}, {0, 3}),
          sample({0, 2, 3}, {3, 2})};
}

Value matmul(const Operand& left, const Operand& right) {
  const auto [a, transpose_left] = untransposed(left);
  const auto [b, transpose_right] = untransposed(right);
  const Building building("matmul", {a, b});
  return product(in_common_dtype(a, b), transpose_left, in_common_dtype(b, a), transpose_right);
}

void list_linalg(Catalog& catalog) { catalog.add<Matmul>("linear algebra"); }

}  // namespace dagrad
