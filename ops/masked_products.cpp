#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "dagrad/kernels/gemm.hpp"
#include "dagrad/ops/attention.hpp"
#include "dagrad/random.hpp"
#include "ops/allowed.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/matrices.hpp"

/// Products in which a masked pair of a query and a key counts as absent, whatever is stored there:
/// see docs/decisions/masked-attention.md.
namespace dagrad {

namespace {

/// The last two axes.
struct Matrices {
  std::int64_t rows, columns;
  explicit Matrices(const Shape& shape)
      : rows(shape[shape.rank() - 2]), columns(shape[shape.rank() - 1]) {}
};

/// [batch..., rows, columns], batches broadcast.
Shape product_shape(const Type& left, const Type& right, std::int64_t rows, std::int64_t columns) {
  Shape batch;
  try {
    batch = broadcast(batch_of(left.shape), batch_of(right.shape));
  } catch (const ShapeError&) {
    throw ShapeError("batches do not broadcast: left " + to_string(left.shape) + ", right " +
                     to_string(right.shape));
  }
  std::vector<std::int64_t> dims(batch.begin(), batch.end());
  dims.push_back(rows);
  dims.push_back(columns);
  return Shape(dims);
}

/// The cost in nanoseconds, as for `matmul`.
double product_cost(const Type& out, double flops) {
  return 100 + flops * static_cast<double>(size_of(out.dtype)) / 320;
}

constexpr std::int64_t panel = 16;  // rows of a result that are computed together

/// The number of elements of memory that a product needs unless it is a plain one.
std::int64_t masked_elements(const Shape& weights, const Shape& x, bool transposed) {
  const Matrices w(weights), values(x);
  return values.rows * values.columns + panel * (transposed ? w.rows : w.columns);
}

/// The operands of a MaskedMatmul with elements T, for each product.
template <class T>
class WeightedSums {
 public:
  WeightedSums(const EvalContext& c, const MaskedMatmul& op)
      : machine_(c.machine()),
        weights_(c.in_shape(0)),
        transposed_(op.transpose),
        rows_(transposed_ ? weights_.columns : weights_.rows),
        inner_(transposed_ ? weights_.rows : weights_.columns),
        columns_(Matrices(c.in_shape(1)).columns),
        pairing_(c.in_shape(0), c.in_shape(1)),
        allowed_(c, c.in_shape(0), op.causal, 2),
        w_(c.in<T>(0).data()),
        x_(c.in<T>(1).data()),
        out_(c.out<T>().data()) {}

  std::int64_t multiplications() const { return rows_ * inner_ * columns_; }

  /// Whether a plain product suffices: masked weights are 0, and no product with them is NaN.
  bool is_plain(std::int64_t at) const {
    const T* const w = weights(at);
    const std::int64_t first = pairing_.left(at) * weights_.rows;
    bool zero = true;
    for (std::int64_t row = 0; zero && row < weights_.rows; ++row) {
      const T* const line = w + row * weights_.columns;
      const std::int64_t end = allowed_.end(first + row);
      zero = all_zero(line + end, weights_.columns - end);
      if (!allowed_.has_mask()) continue;
      FloatBits<T> masked = 0;
      allowed_.each(first + row, [&](std::int64_t i, std::uint8_t is) {
        masked |= std::bit_cast<FloatBits<T>>(kept(std::fabs(line[i]), is ^ 1));
      });
      zero = zero && masked == 0;
    }
    return zero && all_finite(operand(at), inner_ * columns_);
  }
  void multiply(const Parallel& parallel, std::int64_t at) const {
    kernels::gemm<T>(machine_, parallel, rows_, columns_, inner_,
                     {weights(at), weights_.columns, transposed_}, {operand(at), columns_},
                     {result(at), columns_});
  }

  /// The same bits, from operands without the masked elements; then adds what is infinite or NaN
  /// where it is allowed. Works in `masked_elements` of memory.
  void multiply_masked(const Parallel& parallel, std::int64_t at, T* memory) const {
    T *const clean = memory, *const some = memory + inner_ * columns_;
    const T* const x = operand(at);
    for (std::int64_t i = 0; i < inner_ * columns_; ++i) clean[i] = is_finite(x[i]) ? x[i] : T(0);
    for (std::int64_t row = 0; row < rows_; row += panel) {
      const std::int64_t n = std::min(panel, rows_ - row);
      for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t k = 0; k < inner_; ++k)
          some[i * inner_ + k] = sees(at, row + i, k) ? weight(at, row + i, k) : T(0);
      kernels::gemm<T>(machine_, parallel, n, columns_, inner_, {some, inner_}, {clean, columns_},
                       {result(at) + row * columns_, columns_});
    }
    for (std::int64_t column = 0; column < columns_; ++column) add_special(at, column);
  }

 private:
  static bool is_finite(T x) { return std::fabs(x) <= std::numeric_limits<T>::max(); }
  /// Sums of zeros for adjacent columns, a vector at a time.
  static bool all_zero(const T* x, std::int64_t n) {
    return vanishes(x, n, [](T a) { return std::fabs(a); });
  }
  static bool all_finite(const T* x, std::int64_t n) {
    return vanishes(x, n, [](T a) { return a * 0; });
  }
  template <class Term>
  static bool vanishes(const T* x, std::int64_t n, Term term) {
    T part[8] = {};
    std::int64_t i = 0;
    for (; i + 8 <= n; i += 8)
      for (std::int64_t j = 0; j < 8; ++j) part[j] += term(x[i + j]);
    for (; i < n; ++i) part[0] += term(x[i]);
    T sum = 0;
    for (const T a : part) sum += a;
    return sum == 0;
  }
  const T* weights(std::int64_t at) const {
    return w_ + pairing_.left(at) * weights_.rows * weights_.columns;
  }
  const T* operand(std::int64_t at) const { return x_ + pairing_.right(at) * inner_ * columns_; }
  T* result(std::int64_t at) const { return out_ + at * rows_ * columns_; }

  /// Whether a row of the result depends on row `k` of x, and with which weight.
  bool sees(std::int64_t at, std::int64_t row, std::int64_t k) const {
    const std::int64_t query = transposed_ ? k : row, key = transposed_ ? row : k;
    return allowed_(pairing_.left(at) * weights_.rows + query, key);
  }
  T weight(std::int64_t at, std::int64_t row, std::int64_t k) const {
    const std::int64_t query = transposed_ ? k : row, key = transposed_ ? row : k;
    return weights(at)[query * weights_.columns + key];
  }
  /// Recomputes the results that depend on an element of a column of x that is not finite.
  void add_special(std::int64_t at, std::int64_t column) const {
    const T* const x = operand(at) + column;
    bool finite = true;
    for (std::int64_t k = 0; k < inner_; ++k) finite = finite && is_finite(x[k * columns_]);
    for (std::int64_t row = 0; !finite && row < rows_; ++row) {
      bool special = false;
      T sum = 0;
      for (std::int64_t k = 0; k < inner_; ++k) {
        if (!sees(at, row, k)) continue;
        special = special || !is_finite(x[k * columns_]);
        sum += weight(at, row, k) * x[k * columns_];
      }
      if (special) result(at)[row * columns_ + column] = sum;
    }
  }

  const Machine& machine_;
  const Matrices weights_;
  const bool transposed_;
  const std::int64_t rows_, inner_, columns_;
  const Pairing pairing_;
  const Allowed allowed_;
  const T *const w_, *const x_;
  T* const out_;
};

/// The scratch memory of a MaskedMatmul.
struct MaskedMemory {
  ScratchLayout layout;
  ScratchPart operands;  ///< of `multiply_masked`
  ScratchPart masked;    ///< for each product, whether it needs `multiply_masked`
  MaskedMemory(const MaskedMatmul& op, const Type& weights, const Shape& x, const Shape& out)
      : operands(layout.add(weights.dtype, masked_elements(weights.shape, x, op.transpose))),
        masked(layout.add<bool>(matrices_in(out))) {}
};

Tensor some_mask(Rng& rng, const Shape& shape) { return rng.integers(shape, 0, 2).cast(b8); }

}  // namespace

Type MaskedScores::infer(std::span<const Type> in) const {
  check_masked_operands(in, 2);
  const Matrices q(in[0].shape), k(in[1].shape);
  if (q.columns != k.columns)
    throw ShapeError("rows must have the same size, got " + to_string(in[0].shape) + " and " +
                     to_string(in[1].shape));
  const Shape scores = product_shape(in[0], in[1], q.rows, k.rows);
  check_mask(in, 2, scores);
  return {in[0].dtype, scores};
}

void MaskedScores::eval(const EvalContext& c) const {
  const Matrices q(c.in_shape(0)), k(c.in_shape(1));
  const Pairing pairing(c.in_shape(0), c.in_shape(1));
  const Allowed allowed(c, c.out_shape(), causal, 2);
  const std::int64_t size = q.columns, scores = q.rows * k.rows;
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    each_product(c.parallel, matrices_in(c.out_shape()), scores * size,
                 [&](const Parallel& parallel, std::int64_t at) {
                   T* const out = c.out<T>().data() + at * scores;
                   const T* const left = c.in<T>(0).data() + pairing.left(at) * q.rows * size;
                   const T* const right = c.in<T>(1).data() + pairing.right(at) * k.rows * size;
                   kernels::gemm<T>(c.machine(), parallel, q.rows, k.rows, size, {left, size},
                                    {right, size, true}, {out, k.rows});
                   for (std::int64_t row = 0; row < q.rows; ++row)
                     allowed.clear(at * q.rows + row, out + row * k.rows);
                 });
  });
}

Grads MaskedScores::grad(const GradContext& g) const {
  Grads grads(g.in.size(), zero);
  if (g.wanted(0)) grads[0] = with_mask(MaskedMatmul{{causal}, false}, g, 2, {g.dout, g.in[1]});
  if (g.wanted(1)) grads[1] = with_mask(MaskedMatmul{{causal}, true}, g, 2, {g.dout, g.in[0]});
  return grads;
}

double MaskedScores::cost(const PlanContext& plan) const {
  return product_cost(plan.out[0], flops(plan));
}

double MaskedScores::flops(const PlanContext& plan) const {
  return 2 * static_cast<double>(plan.out[0].elements() * Matrices(plan.in[0].shape).columns);
}

Samples MaskedScores::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{MaskedScores{}, {x({2, 3}), x({4, 3}), some_mask(rng, {2, 4})}},
          {MaskedScores{true}, {x({2, 3, 2}), x({2, 4, 2})}},
          {MaskedScores{true}, {x({2, 1, 4, 2}), x({3, 3, 2}), some_mask(rng, {3, 1, 3})}},
          {MaskedScores{}, {x({0, 3}), x({2, 3})}},
          {MaskedScores{true}, {x({2, 0}), x({2, 0})}},
          {.op = MaskedScores{true},
           .in = {Tensor::of({{1.0, 2.0}, {3.0, 4.0}}), Tensor::of({{1.0, 1.0}, {2.0, 0.0}})},
           .out = {Tensor::of({{3.0, 0.0}, {7.0, 6.0}})}}};
}

Type MaskedMatmul::infer(std::span<const Type> in) const {
  check_masked_operands(in, 2);
  const Matrices w(in[0].shape), x(in[1].shape);
  const std::int64_t rows = transpose ? w.columns : w.rows, inner = transpose ? w.rows : w.columns;
  if (x.rows != inner)
    throw ShapeError("weights of " + to_string(in[0].shape) + (transpose ? ", transposed," : "") +
                     " need " + std::to_string(inner) + " rows on the right, got " +
                     to_string(in[1].shape));
  check_mask(in, 2, in[0].shape);
  return {in[0].dtype, product_shape(in[0], in[1], rows, x.columns)};
}

std::size_t MaskedMatmul::scratch(const PlanContext& plan) const {
  return MaskedMemory(*this, plan.in[0], plan.in[1].shape, plan.out[0].shape).layout.bytes();
}

void MaskedMatmul::eval(const EvalContext& c) const {
  if (c.out_shape().elements() == 0) return;
  const std::int64_t products = matrices_in(c.out_shape());
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const WeightedSums<T> sums(c, *this);
    const MaskedMemory memory(*this, c.ins[0].type, c.in_shape(1), c.out_shape());
    bool* const masked = memory.masked.in<bool>(c.scratch()).data();
    each_product(c.parallel, products, sums.multiplications(),
                 [&](const Parallel& parallel, std::int64_t at) {
                   masked[at] = !sums.is_plain(at);
                   if (!masked[at]) sums.multiply(parallel, at);
                 });
    for (std::int64_t at = 0; at < products; ++at)  // one at a time, in the same memory
      if (masked[at])
        sums.multiply_masked(c.parallel, at, memory.operands.in<T>(c.scratch()).data());
  });
}

Grads MaskedMatmul::grad(const GradContext& g) const {
  Grads grads(g.in.size(), zero);
  const Value &w = g.in[0], &x = g.in[1], &dout = g.dout;
  if (g.wanted(0))
    grads[0] = with_mask(MaskedScores{causal}, g, 2,
                         transpose ? std::vector<Operand>{x, dout} : std::vector<Operand>{dout, x});
  if (g.wanted(1)) grads[1] = with_mask(MaskedMatmul{{causal}, !transpose}, g, 2, {w, dout});
  return grads;
}

double MaskedMatmul::cost(const PlanContext& plan) const {
  return product_cost(plan.out[0], flops(plan));
}

double MaskedMatmul::flops(const PlanContext& plan) const {
  const Matrices w(plan.in[0].shape);
  return 2 * static_cast<double>(plan.out[0].elements() * (transpose ? w.rows : w.columns));
}

Samples MaskedMatmul::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  return {{MaskedMatmul{}, {x({2, 3}), x({3, 4}), some_mask(rng, {2, 3})}},
          {MaskedMatmul{{false}, true}, {x({2, 3}), x({2, 4}), some_mask(rng, {2, 1})}},
          {MaskedMatmul{{true}}, {x({2, 3, 4}), x({2, 4, 2})}},
          {MaskedMatmul{{true}, true}, {x({2, 3, 4}), x({3, 2})}},
          {MaskedMatmul{{true}}, {x({3, 3}), x({2, 3, 2}), some_mask(rng, {3})}},
          {MaskedMatmul{}, {x({2, 0}), x({0, 3})}},
          {MaskedMatmul{}, {x({0, 2}), x({2, 3})}},
          {.op = MaskedMatmul{{true}},
           .in = {Tensor::of({{1.0, 7.0}, {2.0, 3.0}}), Tensor::of({{1.0, 2.0}, {4.0, nan}})},
           .out = {Tensor::of({{1.0, 2.0}, {14.0, nan}})},
           .ties = true}};
}

void list_masked_products(Catalog& catalog) {
  catalog.add<MaskedScores, MaskedMatmul>("attention");
}

}  // namespace dagrad
