#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "dagrad/kernels/factorizations.hpp"
#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/factorizations.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "ops/det_slope.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/matrices.hpp"

namespace dagrad {

namespace {

template <class T>
bool all_zero(std::span<const T> x) {
  return std::all_of(x.begin(), x.end(), [](T element) { return element == 0; });
}

/// The gradient of one matrix; `in` are the operands' elements.
template <class T>
void slope_of_one(const Machine& machine, const Parallel& parallel, std::int64_t n,
                  const std::vector<std::span<const T>>& in, double* memory, T* out) {
  const auto size = static_cast<std::size_t>(n * n);
  const auto finite = [](T x) { return std::isfinite(x); };
  if (std::any_of(in.begin() + 1, in.end(), all_zero<T>)) {
    std::fill_n(out, size, T(0));  // the derivative along 0 is 0, whatever the matrix
  } else if (!std::all_of(in[0].begin(), in[0].end(), finite)) {
    std::fill_n(out, size, std::numeric_limits<T>::quiet_NaN());
  } else {
    for (std::size_t i = 0; i < in.size(); ++i)
      std::copy(in[i].begin(), in[i].end(), memory + i * size);
    const std::int64_t scale = det_slope(machine, parallel, n, in.size(), memory);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<T>(Product{memory[i], scale}.in(0));
  }
}

}  // namespace

Type Det::infer(std::span<const Type> in) const {
  check_square(in[0].shape);
  return {in[0].dtype, batch_of(in[0].shape)};
}

std::size_t Det::scratch(const PlanContext& plan) const {
  return LuScratch(plan.in[0], matrices_in(plan.in[0].shape)).bytes();
}

void Det::eval(const EvalContext& c) const {
  const std::int64_t n = side_of(c.in_shape(0));
  if (c.out_shape().elements() == 0) return;
  const LuScratch scratch(c.ins[0].type, matrices_in(c.in_shape(0)));
  with_float(c.outs[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    each_matrix(c, n, [&](const Parallel&, std::int64_t at, std::int64_t task) {
      const auto lu = scratch.at<T>(c.scratch(), task);
      std::copy_n(c.in<T>(0).data() + at * n * n, n * n, lu.factors);
      Product product{kernels::lu(c.machine(), n, lu.factors, n, lu.pivots) == 0 ? 1.0 : 0.0};
      for (std::int64_t i = 0; i < n && product.mantissa != 0; ++i) {
        product = product.times(static_cast<double>(lu.factors[i * (n + 1)]));
        if (lu.pivots[i] != i) product.mantissa = -product.mantissa;
      }
      c.out<T>()[static_cast<std::size_t>(at)] = static_cast<T>(product.in(0));
      return std::int64_t{0};
    });
  });
}

Grads Det::grad(const GradContext& g) const {
  return {pull(unsqueeze(g.dout, {-2, -1}), apply(DetSlope{}, {g.in[0]}))};
}

Samples Det::samples(Rng& rng) {
  const auto sample = [&](const Shape& shape) {
    return Sample{Det{}, {rng.uniform(shape, -2, 2)}};
  };
  const auto singular = [](const Tensor& a, const Tensor& cofactors) {
    return Sample{
        .op = Det{}, .in = {a}, .out = {Tensor(0.0)}, .dout = {Tensor(1.0)}, .grads = {cofactors}};
  };
  const Tensor nothing = Tensor(Type{f64, {3, 3}});
  return {sample({3, 3}),
          sample({2, 2, 2}),
          sample({1, 1}),
          sample({0, 2, 2}),
          {.op = Det{}, .in = {Tensor({f64, {0, 0}})}, .out = {Tensor(1.0)}},
          singular(Tensor::of<double>({{1, 2}, {2, 4}}), Tensor::of<double>({{4, -2}, {-2, 1}})),
          singular(Tensor::of<double>({{1, 2, 4}, {2, 4, 8}, {0.5, 1, 2}}), nothing),
          singular(nothing, nothing)};
}

Type DetSlope::infer(std::span<const Type> in) const {
  constexpr std::size_t most = 16;
  if (in.empty() || in.size() > most)
    throw ArgumentError("takes 1 to " + std::to_string(most) + " matrices, got " +
                        std::to_string(in.size()));
  check_square(in[0].shape);
  for (const Type& along : in)
    if (along != in[0])
      throw ShapeError("matrices must have the same type, got " + to_string(in[0]) + " and " +
                       to_string(along));
  return in[0];
}

std::size_t DetSlope::scratch(const PlanContext& plan) const {
  const std::int64_t n = side_of(plan.in[0].shape), matrices = matrices_in(plan.in[0].shape);
  return static_cast<std::size_t>(Tasks(matrices, n).count * det_slope_room(n, plan.in.size())) *
         sizeof(double);
}

void DetSlope::eval(const EvalContext& c) const {
  const std::int64_t n = side_of(c.out_shape());
  if (c.out_shape().elements() == 0) return;
  with_float(c.outs[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    each_matrix(c, n, [&](const Parallel& parallel, std::int64_t at, std::int64_t task) {
      const auto size = static_cast<std::size_t>(n * n),
                 first = static_cast<std::size_t>(at) * size;
      std::vector<std::span<const T>> in;
      for (std::size_t i = 0; i < c.ins.size(); ++i) in.push_back(c.in<T>(i).subspan(first, size));
      slope_of_one<T>(c.machine(), parallel, n, in,
                      static_cast<double*>(c.scratch()) + task * det_slope_room(n, c.ins.size()),
                      c.out<T>().data() + first);
      return std::int64_t{0};
    });
  });
}

// The derivatives of a polynomial do not depend on the order of their directions.
Grads DetSlope::grad(const GradContext& g) const {
  Grads grads;
  for (std::size_t i = 0; i < g.in.size(); ++i) {
    grads.push_back(g.if_wanted(i, [&] {
      std::vector<Operand> operands(g.in.begin(), g.in.end());
      if (i == 0)
        operands.emplace_back(g.dout);
      else
        operands[i] = g.dout;
      return apply(Op(DetSlope{}), operands).front();
    }));
  }
  return grads;
}

Samples DetSlope::samples(Rng& rng) {
  const auto sample = [&](std::size_t operands, const Shape& shape) {
    Sample of{DetSlope{}, {}};
    for (std::size_t i = 0; i < operands; ++i) of.in.push_back(rng.uniform(shape, -2, 2));
    return of;
  };
  const Tensor a = Tensor::of<double>({{1, 2}, {2, 4}}),
               along = Tensor::of<double>({{1, 2}, {3, 4}});
  return {sample(1, {3, 3}),
          sample(2, {3, 3}),
          sample(2, {2, 2, 2}),
          sample(3, {4, 4}),
          sample(3, {2, 2}),
          sample(1, {1, 1}),
          sample(1, {0, 0}),
          sample(2, {0, 2, 2}),
          {.op = DetSlope{}, .in = {a}, .out = {Tensor::of<double>({{4, -2}, {-2, 1}})}},
          {.op = DetSlope{}, .in = {a, along}, .out = {Tensor::of<double>({{4, -3}, {-2, 1}})}}};
}

Value det(const Operand& a) { return apply(Det{}, {a}); }

void list_determinant(Catalog& catalog) { catalog.add<Det, DetSlope>("linear algebra"); }

}  // namespace dagrad
