#include "dagrad/ops/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "ops/families.hpp"
#include "ops/keys.hpp"

namespace dagrad {

namespace {

Type check_random(const Type& key, const Type& type) {
  check_keys(key);
  if (!compute_float_dtypes.contains(type.dtype))
    throw TypeError("draws float32 and float64, not " + std::string(name(type.dtype)) +
                    "; convert with cast");
  return {type.dtype, shape_of_draws(key, type.shape)};
}

void check_normal(double mean, double deviation) {
  if (!(std::isfinite(mean) && std::isfinite(deviation) && deviation >= 0))
    throw ArgumentError("needs a finite mean and a finite deviation >= 0, got " +
                        attribute_text(mean) + " and " + attribute_text(deviation));
}

/// Changes the type of the result, but not the dtype in which the bits are drawn.
bool retype_result(Type& type, DType from, DType to) {
  if (type.dtype != from) return false;
  type.dtype = to;
  return true;
}

constexpr std::int64_t filled_per_task = 1024;  // elements per task

/// Draws the elements of a piece as `Drawn`, and converts them if the result has another
/// dtype.
template <class Drawn, class T, class Draw>
void fill_piece(std::int64_t key, std::int64_t first, std::span<T> out, Draw draw) {
  if constexpr (std::is_same_v<T, Drawn>) {
    draw(key, first, out);
  } else {
    std::array<Drawn, filled_per_task> buffer;
    draw(key, first, std::span<Drawn>(buffer.data(), out.size()));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(buffer[i]);
  }
}

/// Fills the result with `draw(key, first, elements)`.
template <class Draw>
void fill(const EvalContext& c, DType drawn, Draw draw) {
  const auto into = [&]<class T>(std::span<T> out) {
    for_keys(c, filled_per_task,
             [&](std::int64_t key, std::int64_t first, std::int64_t begin, std::int64_t end) {
               const std::span<T> part(out.data() + begin, out.data() + end);
               drawn == f32 ? fill_piece<float>(key, first, part, draw)
                            : fill_piece<double>(key, first, part, draw);
             });
  };
  c.outs[0].type.dtype == f32 ? into(c.out<float>()) : into(c.out<double>());
}

}  // namespace

Type Uniform::infer(std::span<const Type> in) const {
  if (!(low < high && std::isfinite(high - low)))
    throw ArgumentError("needs low < high, both finite with a finite difference, got " +
                        attribute_text(low) + " and " + attribute_text(high));
  return check_random(in[0], type);
}

void Uniform::eval(const EvalContext& c) const {
  fill(c, drawn, [&](std::int64_t key, std::int64_t first, auto out) {
    fill_uniform(key, first, out, low, high);
  });
}

Grads Uniform::grad(const GradContext&) const { return {zero}; }

bool Uniform::retype(DType from, DType to) { return retype_result(type, from, to); }

Samples Uniform::samples(Rng& rng) {
  return {{Uniform{{f64, {2, 3}}, -1, 1}, {Tensor(rng.key())}},
          {Uniform{{f64, {3}}}, {rng.integers({2}, 0, 100)}},
          {Uniform{{f64, {3}}}, {rng.integers({0}, 0, 100)}}};
}

Type Normal::infer(std::span<const Type> in) const {
  check_normal(mean, deviation);
  return check_random(in[0], type);
}

void Normal::eval(const EvalContext& c) const {
  fill(c, drawn, [&](std::int64_t key, std::int64_t first, auto out) {
    fill_normal(key, first, out, mean, deviation);
  });
}

Grads Normal::grad(const GradContext&) const { return {zero}; }

bool Normal::retype(DType from, DType to) { return retype_result(type, from, to); }

Samples Normal::samples(Rng& rng) {
  return {{Normal{{f64, {2, 3}}}, {Tensor(rng.key())}},
          {Normal{{f64, {3}}}, {rng.integers({2}, 0, 100)}},
          {Normal{{f64, {3}}}, {rng.integers({0}, 0, 100)}}};
}

Type TruncatedNormal::infer(std::span<const Type> in) const {
  check_normal(mean, deviation);
  if (!(low < high))
    throw ArgumentError("needs low < high, got " + attribute_text(low) + " and " +
                        attribute_text(high));
  return check_random(in[0], type);
}

void TruncatedNormal::eval(const EvalContext& c) const {
  fill(c, drawn, [&](std::int64_t key, std::int64_t first, auto out) {
    fill_truncated_normal(key, first, out, mean, deviation, low, high);
  });
}

Grads TruncatedNormal::grad(const GradContext&) const { return {zero}; }

bool TruncatedNormal::retype(DType from, DType to) { return retype_result(type, from, to); }

Samples TruncatedNormal::samples(Rng& rng) {
  return {{TruncatedNormal{{f64, {2, 3}}}, {Tensor(rng.key())}},
          {TruncatedNormal{{f64, {}}, 1, 2, 3, 4}, {Tensor(rng.key())}},
          {TruncatedNormal{{f64, {3}}}, {rng.integers({2}, 0, 100)}},
          {TruncatedNormal{{f64, {3}}}, {rng.integers({0}, 0, 100)}}};
}

Type Gumbel::infer(std::span<const Type> in) const { return check_random(in[0], type); }

void Gumbel::eval(const EvalContext& c) const {
  fill(c, drawn,
       [](std::int64_t key, std::int64_t first, auto out) { fill_gumbel(key, first, out); });
}

Grads Gumbel::grad(const GradContext&) const { return {zero}; }

bool Gumbel::retype(DType from, DType to) { return retype_result(type, from, to); }

Samples Gumbel::samples(Rng& rng) {
  return {{Gumbel{{f64, {2, 3}}}, {Tensor(rng.key())}},
          {Gumbel{{f32, {}}}, {Tensor(rng.key())}},
          {Gumbel{{f64, {3}}}, {rng.integers({2}, 0, 100)}},
          {Gumbel{{f64, {3}}}, {rng.integers({0}, 0, 100)}}};
}

Grads FoldIn::grad(const GradContext&) const { return {zero, zero}; }

Samples FoldIn::samples(Rng& rng) {
  return {{FoldIn{}, {Tensor(rng.key()), rng.integers({3}, 0, 100)}},
          {FoldIn{}, {rng.integers({2, 1}, 0, 100), rng.integers({0}, 0, 100)}}};
}

Value uniform(const Operand& key, const Type& type, double low, double high) {
  return apply(Uniform{type, low, high}, {key});
}
Value normal(const Operand& key, const Type& type, double mean, double deviation) {
  return apply(Normal{type, mean, deviation}, {key});
}
Value truncated_normal(const Operand& key, const Type& type, double mean, double deviation,
                       double low, double high) {
  return apply(TruncatedNormal{type, mean, deviation, low, high}, {key});
}
Value gumbel(const Operand& key, const Type& type) { return apply(Gumbel{type}, {key}); }
Value fold_in(const Operand& key, const Operand& i) { return apply(FoldIn{}, {key, i}); }
Value next_key(const Operand& key) {
  const Building building("next_key", {key});
  return fold_in(key, -1);
}

void check_keys(const Type& keys) {
  if (keys.dtype != i64) throw TypeError("a key must be int64, got " + to_string(keys));
}

Shape shape_of_draws(const Type& keys, const Shape& drawn) {
  std::vector<std::int64_t> dims(keys.shape.begin(), keys.shape.end());
  dims.insert(dims.end(), drawn.begin(), drawn.end());
  if (dims.size() > max_rank)
    throw ShapeError("draws of " + to_string(drawn) + " for each of " + to_string(keys.shape) +
                     " keys have more than " + std::to_string(max_rank) + " axes");
  return Shape(dims);
}

void check_leading(const Type& keys, const Type& from) {
  const int rank = keys.shape.rank();
  if (from.shape.rank() < rank ||
      !std::equal(keys.shape.begin(), keys.shape.end(), from.shape.begin()))
    throw ShapeError("keys of " + to_string(keys.shape) + " need something to draw from each: " +
                     to_string(from) + " does not begin with these axes");
}

std::vector<Value> split_key(const Operand& key, int n) {
  if (n < 0)
    throw ArgumentError("split_key: needs n >= 0, got " + std::to_string(n) + made_at(key));
  const Building building("split_key", {key});
  const Value family = fold_in(key, n);
  std::vector<Value> keys;
  for (int i = 0; i < n; ++i) keys.push_back(fold_in(family, i));
  return keys;
}

void list_random(Catalog& catalog) {
  catalog.add<Uniform, Normal, FoldIn, TruncatedNormal, Gumbel>("random");
}

}  // namespace dagrad
