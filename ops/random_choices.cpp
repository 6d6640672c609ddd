#include <algorithm>
#include <cmath>
#include <string>

#include "dagrad/ops/random.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/keys.hpp"
#include "ops/rows.hpp"

namespace dagrad {

namespace {

constexpr std::int64_t draws_per_task = 1024;

void check_probability(double p, const std::string& where) {
  if (!(p >= 0 && p <= 1))
    throw ArgumentError("a probability must be in [0, 1], got " + attribute_text(p) + where);
}

/// Calls `draw(i, u)` for each element of the result with 53 uniform bits of its own.
template <class Draw>
void for_draws(const EvalContext& c, Draw draw) {
  for_keys(c, draws_per_task,
           [&](std::int64_t key, std::int64_t first, std::int64_t begin, std::int64_t end) {
             std::array<double, draws_per_task> uniform;
             const auto n = static_cast<std::size_t>(end - begin);
             fill_uniform(key, first, std::span(uniform.data(), n));
             for (std::size_t i = 0; i < n; ++i)
               draw(begin + static_cast<std::int64_t>(i), uniform[i]);
           });
}

/// The running sums of exp(x - the largest) along one row, in double whatever the dtype, so that a
/// graph replayed in another dtype draws the same classes.
template <class T>
void sum_up(const Machine& machine, const T* x, std::int64_t stride, std::span<double> sums) {
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < sums.size(); ++k) {
    sums[k] = static_cast<double>(x[static_cast<std::int64_t>(k) * stride]);
    largest = std::max(largest, sums[k]);
  }
  for (double& sum : sums) sum -= largest;
  machine.apply(Primitive::exp, sums.data(), nullptr, sums.data(),
                static_cast<std::int64_t>(sums.size()));
  for (std::size_t k = 1; k < sums.size(); ++k) sums[k] += sums[k - 1];
}

}  // namespace

Type Bernoulli::infer(std::span<const Type> in) const {
  if (in.size() != 1) check_operand_count(in.size(), 2);
  check_keys(in[0]);
  if (in.size() == 1) {
    check_probability(probability, "");
    return {b8, shape_of_draws(in[0], shape)};
  }
  if (!compute_float_dtypes.contains(in[1].dtype))
    throw TypeError("probabilities must be float32 or float64, got " + to_string(in[1]) +
                    "; convert with cast");
  check_leading(in[0], in[1]);
  return {b8, in[1].shape};
}

void Bernoulli::validate(std::span<const View> in) const {
  if (in.size() == 1 || !in[1].data) return;
  with_float(in[1].type.dtype, [&]<class T>(std::type_identity<T>) {
    const auto p = in[1].as<T>();
    const auto wrong = std::find_if(p.begin(), p.end(), [](T x) { return !(x >= 0 && x <= 1); });
    if (wrong != p.end())
      check_probability(static_cast<double>(*wrong),
                        " at " + index_text(in[1].type.shape, wrong - p.begin()));
  });
}

void Bernoulli::eval(const EvalContext& c) const {
  bool* const out = c.out<bool>().data();
  if (c.ins.size() == 1) {
    for_draws(c, [&](std::int64_t i, double u) { out[i] = u < probability; });
    return;
  }
  with_float(c.ins[1].type.dtype, [&]<class T>(std::type_identity<T>) {
    const T* const p = c.in<T>(1).data();
    for_draws(c, [&](std::int64_t i, double u) { out[i] = u < static_cast<double>(p[i]); });
  });
}

Grads Bernoulli::grad(const GradContext& g) const { return Grads(g.in.size(), zero); }

Samples Bernoulli::samples(Rng& rng) {
  return {{Bernoulli{{2, 3}, 0.25}, {Tensor(rng.key())}},
          {Bernoulli{{3}, 0.5}, {rng.integers({2}, 0, 100)}},
          {Bernoulli{{3}, 0.5}, {rng.integers({0}, 0, 100)}},
          {Bernoulli{}, {Tensor(rng.key()), rng.uniform({2, 3}, 0, 0.25)}},
          {.op = Bernoulli{},
           .in = {Tensor(rng.key()), Tensor::of({0.0F, 1.0F, 1.0F, 0.0F})},
           .out = {Tensor::of({false, true, true, false})}}};
}

Type Categorical::infer(std::span<const Type> in) const {
  check_keys(in[0]);
  const Type& logits = in[1];
  if (!compute_float_dtypes.contains(logits.dtype))
    throw TypeError("logits must be float32 or float64, got " + to_string(logits) +
                    "; convert with cast");
  if (samples_of_row < 0)
    throw ArgumentError("needs samples >= 0, got " + std::to_string(samples_of_row));
  check_leading(in[0], logits);
  const int along = normalize_axis(axis, logits.shape.rank());
  if (along < in[0].shape.rank())
    throw ShapeError("axis " + std::to_string(along) + " of " + to_string(logits.shape) +
                     " is one of the keys, not one of classes");
  if (logits.shape[along] == 0)
    throw ShapeError("logits must have at least one class, got " + to_string(logits.shape));
  std::vector<std::int64_t> dims(logits.shape.begin(), logits.shape.end());
  if (keep_axis)
    dims[static_cast<std::size_t>(along)] = samples_of_row;
  else
    dims.erase(dims.begin() + along);
  return {i64, Shape(dims)};
}

std::size_t Categorical::scratch(const PlanContext& plan) const {
  return static_cast<std::size_t>(plan.in[1].elements()) * sizeof(double);
}

void Categorical::eval(const EvalContext& c) const {
  const Rows rows(c.in_shape(1), axis);
  auto* const sums = static_cast<double*>(c.scratch());
  const auto row_sums = [&](std::int64_t row) {
    return std::span(sums + row * rows.length, static_cast<std::size_t>(rows.length));
  };
  with_float(c.ins[1].type.dtype, [&]<class T>(std::type_identity<T>) {
    const T* const logits = c.in<T>(1).data();
    c.parallel.ranges(rows.count, 1 + 16384 / rows.length,
                      [&](std::int64_t begin, std::int64_t end) {
                        for (std::int64_t row = begin; row < end; ++row)
                          sum_up(c.machine(), logits + rows.begin(row), rows.stride, row_sums(row));
                      });
  });
  for (std::int64_t row = 0; row < rows.count; ++row) {
    if (!(row_sums(row).back() > 0))
      throw ArgumentError("the row that begins at " + index_text(c.in_shape(1), rows.begin(row)) +
                          " has no distribution: it contains NaN or inf, or only -inf");
  }
  const std::int64_t drawn = keep_axis ? samples_of_row : 1;
  auto* const out = c.out<std::int64_t>().data();
  for_draws(c, [&](std::int64_t i, double u) {
    const auto all = row_sums(i / (drawn * rows.stride) * rows.stride + i % rows.stride);
    // u < 1, so there is a running sum above it; classes of probability 0 add nothing and are
    // skipped.
    out[i] = std::upper_bound(all.begin(), all.end(), u * all.back()) - all.begin();
  });
}

Grads Categorical::grad(const GradContext&) const { return {zero, zero}; }

Samples Categorical::samples(Rng& rng) {
  constexpr double never = -std::numeric_limits<double>::infinity();
  return {{Categorical{}, {Tensor(rng.key()), rng.normal({3, 4})}},
          {Categorical{0, 5, true}, {Tensor(rng.key()), rng.normal({4, 2})}},
          {Categorical{1, 2, true}, {Tensor(rng.key()), rng.normal({2, 3, 2})}},
          {Categorical{}, {Tensor(rng.key()), rng.normal({0, 4})}},
          {.op = Categorical{},
           .in = {Tensor(rng.key()), Tensor::of({{never, 0.5, never}, {never, never, -1000.0}})},
           .out = {Tensor({2}, {std::int64_t{1}, std::int64_t{2}})}}};
}

Type Permutation::infer(std::span<const Type> in) const {
  check_keys(in[0]);
  if (size < 0) throw ArgumentError("needs n >= 0, got " + std::to_string(size));
  return {i64, shape_of_draws(in[0], {size})};
}

void Permutation::eval(const EvalContext& c) const {
  const auto out = c.out<std::int64_t>();
  std::size_t first = 0;
  for (const std::int64_t key : c.in<std::int64_t>(0)) {
    fill_permutation(key, out.subspan(first, static_cast<std::size_t>(size)));
    first += static_cast<std::size_t>(size);
  }
}

Grads Permutation::grad(const GradContext&) const { return {zero}; }

Samples Permutation::samples(Rng& rng) {
  return {{Permutation{7}, {Tensor(rng.key())}}, {Permutation{0}, {Tensor(rng.key())}}};
}

Value bernoulli(const Operand& key, double p, const Shape& shape) {
  return apply(Bernoulli{shape, p}, {key});
}
Value bernoulli(const Operand& key, const Value& p) {
  return apply(Bernoulli{}, {key, Operand(p, key.where())});
}
Value categorical(const Operand& key, const Operand& logits, std::int64_t axis,
                  std::optional<std::int64_t> samples) {
  return apply(Categorical{axis, samples.value_or(1), samples.has_value()}, {key, logits});
}
Value permutation(const Operand& key, std::int64_t n) { return apply(Permutation{n}, {key}); }

void list_random_choices(Catalog& catalog) {
  catalog.add<Bernoulli, Categorical, Permutation>("random");
}

}  // namespace dagrad
