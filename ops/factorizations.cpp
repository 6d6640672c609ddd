#include "dagrad/ops/factorizations.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "dagrad/kernels/factorizations.hpp"
#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/ops/triangle.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/matrices.hpp"
#include "ops/rows.hpp"

namespace dagrad {

namespace {

Value swapped(const Value& x) {
  std::vector<std::int64_t> axes;
  for (int axis = 0; axis < x.rank(); ++axis) axes.push_back(axis);
  std::swap(axes.end()[-1], axes.end()[-2]);
  return transpose(x, axes);
}

/// The lower triangle, with its diagonal halved.
Value lower_half(const Value& x) { return (tril(x) + tril(x, -1)) / 2; }

Type infer_solve(std::span<const Type> in) {
  const Shape &a = in[0].shape, &b = in[1].shape;
  check_square(a);
  if (in[0].dtype != in[1].dtype) {
    throw TypeError("operands must have the same dtype, got " + std::string(name(in[0].dtype)) +
                    " and " + std::string(name(in[1].dtype)) + "; convert with cast");
  }
  if (b.rank() < 2) throw ShapeError("b must have at least two axes, got " + to_string(b));
  if (a[a.rank() - 1] != b[b.rank() - 2]) {
    throw ShapeError("a of " + to_string(a) + " needs " + std::to_string(a[a.rank() - 1]) +
                     " rows of b, got " + to_string(b));
  }
  Shape batch;
  try {
    batch = broadcast(batch_of(a), batch_of(b));
  } catch (const ShapeError&) {
    throw ShapeError("batches do not broadcast: a " + to_string(a) + ", b " + to_string(b));
  }
  std::vector<std::int64_t> dims(batch.begin(), batch.end());
  dims.insert(dims.end(), b.end() - 2, b.end());
  return {in[0].dtype, Shape(dims)};
}

/// The gradients of a and b, summed over the axes along which batches may have been broadcast.
template <class MakeA>
Grads in_own_shapes(const GradContext& g, MakeA make_a, const Value& db) {
  const bool batched = g.in[0].rank() > 2 || g.in[1].rank() > 2;
  const auto own = [&](const Value& gradient, std::size_t i) {
    return batched ? sum_to_like(gradient, g.in[i]) : gradient;
  };
  return {g.if_wanted(0, [&] { return own(make_a(), 0); }),
          g.if_wanted(1, [&] { return own(db, 1); })};
}

/// Solves for a vector b as for a column, and turns the result back into a vector.
template <class Op, class F>
Value with_columns(const Operand& a, const Operand& b, F solve) {
  if (b.is_literal() || b.rank() != 1) return solve(b);
  const Building building(Op::name, {a, b});
  return squeeze(solve(unsqueeze(b, {-1})), {-1});
}

Tensor square(Rng& rng, const Shape& shape) {
  Tensor a = rng.uniform(shape, -1, 1);
  const std::int64_t n = shape[shape.rank() - 1];
  const auto elements = a.mutate<double>();
  for (std::int64_t at = 0; at < a.size(); ++at)
    if (at % (n * n) % (n + 1) == 0) elements[static_cast<std::size_t>(at)] += 3;
  return a;
}

/// The sum of the logarithms of the absolute values on the diagonal, and the sign of their product.
template <class T>
void take_determinant(const Machine& machine, std::int64_t n, const T* factors,
                      const std::int32_t* pivots, T* logs, T* sign, T* log_abs) {
  bool negative = false;
  for (std::int64_t i = 0; i < n; ++i) {
    const T pivot = factors[i * (n + 1)];
    negative ^= std::signbit(pivot) != (pivots[i] != i);
    logs[i] = std::abs(pivot);
  }
  machine.apply(Primitive::log, logs, nullptr, logs, n);
  *log_abs = fold(logs, n, T(0), [](T a, T b) { return a + b; });
  *sign = std::isnan(*log_abs) ? *log_abs : negative ? T(-1) : T(1);
}

}  // namespace

Type Cholesky::infer(std::span<const Type> in) const {
  check_square(in[0].shape);
  return in[0];
}

void Cholesky::eval(const EvalContext& c) const {
  const std::int64_t n = side_of(c.out_shape());
  if (c.out_shape().elements() == 0) return;
  with_float(c.outs[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const Refusal refusal = each_matrix(c, n, [&](const Parallel&, std::int64_t at, std::int64_t) {
      const T* const from = c.in<T>(0).data() + at * n * n;
      T* const to = c.out<T>().data() + at * n * n;
      for (std::int64_t i = 0; i < n; ++i) {
        std::copy_n(from + i * n, i + 1, to + i * n);
        std::fill_n(to + i * n + i + 1, n - i - 1, T(0));
      }
      return kernels::cholesky(c.machine(), n, to, n);
    });
    if (refusal.order != 0) {
      throw ArgumentError(matrix_text(c.out_shape(), refusal.matrix) +
                          " is not positive definite: its leading minor of order " +
                          std::to_string(refusal.order) + " is not positive");
    }
  });
}

// Murray, "Differentiation of the Cholesky decomposition", 2016, (8)-(10), summed into the triangle
// that is read.
Grads Cholesky::grad(const GradContext& g) const {
  const Value half = lower_half(matmul(swapped(g.out), g.dout));
  const TriangularSolve back{.lower = true, .transposed = true};
  const Value left = apply(back, {g.out, half + swapped(half)});
  return {lower_half(apply(back, {g.out, swapped(left)}))};
}

Samples Cholesky::samples(Rng& rng) {
  const auto sample = [&](const Shape& shape) { return Sample{Cholesky{}, {square(rng, shape)}}; };
  return {sample({3, 3}), sample({2, 2, 2}), sample({1, 1}), sample({0, 0}), sample({0, 2, 2})};
}

Type TriangularSolve::infer(std::span<const Type> in) const { return infer_solve(in); }

void TriangularSolve::eval(const EvalContext& c) const {
  const std::int64_t n = side_of(c.in_shape(0)), columns = side_of(c.out_shape());
  if (c.out_shape().elements() == 0) return;
  const Pairing pairing(c.in_shape(0), c.in_shape(1));
  with_float(c.outs[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    each_matrix(c, n, [&](const Parallel& parallel, std::int64_t at, std::int64_t) {
      T* const x = c.out<T>().data() + at * n * columns;
      std::copy_n(c.in<T>(1).data() + pairing.right(at) * n * columns, n * columns, x);
      kernels::triangular_solve(c.machine(), parallel, n, columns,
                                {lower, transposed, unit_diagonal},
                                c.in<T>(0).data() + pairing.left(at) * n * n, n, x, columns);
      return std::int64_t{0};
    });
  });
}

Grads TriangularSolve::grad(const GradContext& g) const {
  const Value db = apply(TriangularSolve{lower, !transposed, unit_diagonal}, {g.in[0], g.dout});
  const auto da = [&] {
    const Value whole = transposed ? matmul(g.out, swapped(db)) : matmul(db, swapped(g.out));
    const std::int64_t inside = unit_diagonal ? 1 : 0;
    return -(lower ? tril(whole, -inside) : triu(whole, inside));
  };
  return in_own_shapes(g, da, db);
}

Samples TriangularSolve::samples(Rng& rng) {
  const auto sample = [&](TriangularSolve op, const Shape& a, const Shape& b) {
    return Sample{op, {square(rng, a), rng.uniform(b, -1, 1)}};
  };
  Samples samples;
  for (const bool lower : {true, false})
    for (const bool transposed : {true, false})
      for (const bool unit : {true, false})
        samples.push_back(sample({lower, transposed, unit}, {3, 3}, {3, 2}));
  samples.push_back(sample({}, {2, 3, 3}, {3, 1}));
  samples.push_back(sample({false}, {2, 2}, {3, 2, 2}));
  samples.push_back(sample({}, {2, 1, 2, 2}, {3, 2, 1}));
  samples.push_back(sample({}, {0, 0}, {0, 2}));
  samples.push_back(sample({}, {2, 2}, {2, 0}));
  return samples;
}

Type Solve::infer(std::span<const Type> in) const { return infer_solve(in); }

std::size_t Solve::scratch(const PlanContext& plan) const {
  return LuScratch(plan.in[0], matrices_in(plan.out[0].shape)).bytes();
}

void Solve::eval(const EvalContext& c) const {
  const std::int64_t n = side_of(c.in_shape(0)), columns = side_of(c.out_shape());
  if (c.out_shape().elements() == 0) return;
  const Pairing pairing(c.in_shape(0), c.in_shape(1));
  const LuScratch scratch(c.ins[0].type, matrices_in(c.out_shape()));
  with_float(c.outs[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const auto one = [&](const Parallel& parallel, std::int64_t at, std::int64_t task) {
      const auto lu = scratch.at<T>(c.scratch(), task);
      std::copy_n(c.in<T>(0).data() + pairing.left(at) * n * n, n * n, lu.factors);
      if (const std::int64_t stop = kernels::lu(c.machine(), n, lu.factors, n, lu.pivots))
        return stop;
      T* const x = c.out<T>().data() + at * n * columns;
      std::copy_n(c.in<T>(1).data() + pairing.right(at) * n * columns, n * columns, x);
      kernels::lu_solve(c.machine(), parallel, n, columns, transposed, lu.factors, n, lu.pivots, x,
                        columns);
      return std::int64_t{0};
    };
    refuse_singular(each_matrix(c, n, one), c.out_shape());
  });
}

Grads Solve::grad(const GradContext& g) const {
  const Value db = apply(Solve{!transposed}, {g.in[0], g.dout});
  const auto da = [&] {
    return -(transposed ? matmul(g.out, swapped(db)) : matmul(db, swapped(g.out)));
  };
  return in_own_shapes(g, da, db);
}

Samples Solve::samples(Rng& rng) {
  const auto sample = [&](const Shape& a, const Shape& b, bool of_transpose = false) {
    return Sample{Solve{of_transpose}, {square(rng, a), rng.uniform(b, -1, 1)}};
  };
  return {sample({3, 3}, {3, 2}),          sample({3, 3}, {3, 2}, true),
          sample({2, 3, 3}, {3, 1}),       sample({2, 2}, {3, 2, 2}, true),
          sample({2, 1, 2, 2}, {3, 2, 1}), sample({1, 1}, {1, 1}),
          sample({0, 0}, {0, 2}),          sample({2, 2}, {2, 0})};
}

Type Inverse::infer(std::span<const Type> in) const {
  check_square(in[0].shape);
  return in[0];
}

std::size_t Inverse::scratch(const PlanContext& plan) const {
  return LuScratch(plan.in[0], matrices_in(plan.in[0].shape)).bytes();
}

void Inverse::eval(const EvalContext& c) const {
  const std::int64_t n = side_of(c.out_shape());
  if (c.out_shape().elements() == 0) return;
  const LuScratch scratch(c.ins[0].type, matrices_in(c.out_shape()));
  with_float(c.outs[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const auto one = [&](const Parallel& parallel, std::int64_t at, std::int64_t task) {
      const auto lu = scratch.at<T>(c.scratch(), task);
      std::copy_n(c.in<T>(0).data() + at * n * n, n * n, lu.factors);
      const std::int64_t stop = kernels::lu(c.machine(), n, lu.factors, n, lu.pivots);
      T* const out = c.out<T>().data() + at * n * n;
      if (stop != 0) {
        std::fill_n(out, n * n, std::numeric_limits<T>::quiet_NaN());
        return nan_where_singular ? 0 : stop;
      }
      std::fill_n(out, n * n, T(0));
      for (std::int64_t i = 0; i < n; ++i) out[i * (n + 1)] = 1;
      kernels::lu_solve(c.machine(), parallel, n, n, false, lu.factors, n, lu.pivots, out, n);
      return stop;
    };
    refuse_singular(each_matrix(c, n, one), c.out_shape());
  });
}

Grads Inverse::grad(const GradContext& g) const {
  const Value back = swapped(g.out);
  return {-matmul(matmul(back, g.dout), back)};
}

Samples Inverse::samples(Rng& rng) {
  const auto sample = [&](const Shape& shape) { return Sample{Inverse{}, {square(rng, shape)}}; };
  return {sample({3, 3}), sample({2, 2, 2}), sample({1, 1}), sample({0, 0}), sample({0, 2, 2})};
}

std::vector<Type> Slogdet::infer(std::span<const Type> in) const {
  check_square(in[0].shape);
  const Type result{in[0].dtype, batch_of(in[0].shape)};
  return {result, result};
}

std::size_t Slogdet::scratch(const PlanContext& plan) const {
  return LuScratch(plan.in[0], matrices_in(plan.in[0].shape)).bytes();
}

// The logarithm has a pole where the determinant changes its sign.
void Slogdet::decisions(std::span<const View> /*in*/, std::span<const View> out,
                        const DecisionSink& sink) const {
  with_float(out[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    for (const T sign : out[0].as<T>()) sink(static_cast<std::int64_t>(sign));
  });
}

void Slogdet::eval(const EvalContext& c) const {
  const std::int64_t n = side_of(c.in_shape(0));
  if (c.out_shape().elements() == 0) return;
  const LuScratch scratch(c.ins[0].type, matrices_in(c.in_shape(0)));
  with_float(c.outs[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    each_matrix(c, n, [&](const Parallel&, std::int64_t at, std::int64_t task) {
      const auto lu = scratch.at<T>(c.scratch(), task);
      const auto place = static_cast<std::size_t>(at);
      std::copy_n(c.in<T>(0).data() + at * n * n, n * n, lu.factors);
      T *const sign = &c.out<T>(0)[place], *const log_abs = &c.out<T>(1)[place];
      if (kernels::lu(c.machine(), n, lu.factors, n, lu.pivots) != 0) {
        *sign = 0;
        *log_abs = -std::numeric_limits<T>::infinity();
      } else {
        take_determinant(c.machine(), n, lu.factors, lu.pivots, lu.diagonal, sign, log_abs);
      }
      return std::int64_t{0};
    });
  });
}

Grads Slogdet::grad(const GradContext& g) const {
  const Value* const dlog = g.douts[1].value();
  if (dlog == nullptr) return {zero};
  const Value slope = swapped(apply(Inverse{.nan_where_singular = true}, {g.in[0]}));
  return {pull(unsqueeze(*dlog, {-2, -1}), slope)};
}

Samples Slogdet::samples(Rng& rng) {
  const auto sample = [&](const Shape& shape) { return Sample{Slogdet{}, {square(rng, shape)}}; };
  return {sample({3, 3}),
          sample({2, 2, 2}),
          sample({1, 1}),
          sample({0, 0}),
          sample({0, 2, 2}),
          {.op = Slogdet{},
           .in = {Tensor::of<double>({{0, 2}, {1, 0}})},
           .out = {Tensor(-1.0), Tensor(std::log(2.0))}},
          {.op = Slogdet{},
           .in = {Tensor::of<double>({{1, 2}, {2, 4}})},
           .out = {Tensor(0.0), Tensor(-std::numeric_limits<double>::infinity())},
           .ties = true}};
}

Value cholesky(const Operand& a) { return apply(Cholesky{}, {a}); }

Value triangular_solve(const Operand& a, const Operand& b, const TriangularOptions& options) {
  return with_columns<TriangularSolve>(a, b, [&](const Operand& columns) {
    return apply(TriangularSolve{options.lower, options.transposed, options.unit_diagonal},
                 {a, columns});
  });
}

Value solve(const Operand& a, const Operand& b) {
  return with_columns<Solve>(a, b, [&](const Operand& columns) {
    return apply(Solve{}, {a, columns});
  });
}

Value inverse(const Operand& a) { return apply(Inverse{}, {a}); }

SignAndLog slogdet(const Operand& a) {
  const auto results = apply(Slogdet{}, {a});
  return {results[0], results[1]};
}

void list_factorizations(Catalog& catalog) {
  catalog.add<Cholesky, TriangularSolve, Solve, Inverse, Slogdet>("linear algebra");
}

}  // namespace dagrad
