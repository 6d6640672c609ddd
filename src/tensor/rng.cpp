#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "dagrad/convert.hpp"
#include "dagrad/error.hpp"
#include "dagrad/random.hpp"
#include "src/tensor/storage.hpp"

namespace dagrad {

namespace {

void require_float(const char* what, DType dtype) {
  if (compute_float_dtypes.contains(dtype)) return;
  throw TypeError(
      fmt::format("{}: the dtype must be float32 or float64, got {}{}", what, name(dtype),
                  is_float(dtype) ? "; draw float32 and convert the tensor with cast" : ""));
}

void require_range(double low, double high) {
  if (low < high && std::isfinite(high - low)) return;
  throw ArgumentError(fmt::format(
      "uniform: needs low < high, both finite and at a finite distance, got [{}, {})", low, high));
}

void require_range(std::int64_t low, std::int64_t high) {
  if (low < high) return;
  throw ArgumentError(fmt::format("integers: needs low < high, got [{}, {})", low, high));
}

// Element `i` of the stream of `key`, scaled to [low, high) by the upper half of a product of 128
// random bits, so that probabilities of values differ by at most one part in 2^64.
std::int64_t integer_in(std::int64_t key, std::int64_t i, std::int64_t low, std::int64_t high) {
  __extension__ using Wide = unsigned __int128;
  const PhiloxBlock bits =
      philox(static_cast<std::uint64_t>(key), static_cast<std::uint64_t>(i), 0);
  const auto word = [&](int at) { return static_cast<std::uint64_t>(bits.word[at]); };
  const auto width =
      static_cast<Wide>(static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low));
  const Wide lower = (word(1) << 32 | word(0)) * width;
  const Wide upper = (word(3) << 32 | word(2)) * width;
  const auto offset = static_cast<std::uint64_t>((upper + (lower >> 64)) >> 64);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
}

}  // namespace

void fill_permutation(std::int64_t key, std::span<std::int64_t> out) {
  std::iota(out.begin(), out.end(), std::int64_t{0});
  for (auto i = static_cast<std::int64_t>(out.size()) - 1; i > 0; --i) {
    const std::int64_t other = integer_in(key, i, 0, i + 1);
    std::swap(out[static_cast<std::size_t>(i)], out[static_cast<std::size_t>(other)]);
  }
}

std::int64_t Rng::key() { return fold_in(key_, drawn_++); }

Tensor Rng::uniform(const Shape& shape, double low, double high, DType dtype) {
  require_float("uniform", dtype);
  require_range(low, high);
  Tensor tensor = detail::uninitialized({dtype, shape});
  const auto fill = [&]<class T>(std::span<T> values) {
    fill_uniform(key(), 0, values, low, high);
  };
  dtype == f32 ? fill(tensor.mutate<float>()) : fill(tensor.mutate<double>());
  return tensor;
}

Tensor Rng::normal(const Shape& shape, double mean, double deviation, DType dtype) {
  require_float("normal", dtype);
  if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation < 0) {
    throw ArgumentError(fmt::format(
        "normal: needs a finite mean and a finite deviation >= 0, got {} and {}", mean, deviation));
  }
  Tensor tensor = detail::uninitialized({dtype, shape});
  const auto fill = [&]<class T>(std::span<T> values) {
    fill_normal(key(), 0, values, mean, deviation);
  };
  dtype == f32 ? fill(tensor.mutate<float>()) : fill(tensor.mutate<double>());
  return tensor;
}

Tensor Rng::integers(const Shape& shape, std::int64_t low, std::int64_t high, DType dtype) {
  require_range(low, high);
  Literal(low).bits(dtype);  // throws if the dtype cannot represent them
  Literal(high - 1).bits(dtype);
  Tensor tensor = detail::uninitialized({dtype, shape});
  const std::int64_t stream = key();
  dispatch_stored(dtype, [&]<class T>(std::type_identity<T>) {
    std::int64_t i = 0;
    for (T& value : tensor.mutate<T>()) {
      value = convert<T>(integer_in(stream, i++, low, high));
    }
  });
  return tensor;
}

Tensor Rng::permutation(std::int64_t n) {
  Tensor tensor = detail::uninitialized({i64, {n}});
  fill_permutation(key(), tensor.mutate<std::int64_t>());
  return tensor;
}

namespace {
void require_weights(const char* what, const Shape& shape) {
  if (shape.rank() == 2) return;
  throw ShapeError(
      fmt::format("{}: weights must have the shape [in, out], got {}", what, to_string(shape)));
}
}  // namespace

Tensor Rng::glorot_uniform(const Shape& shape, DType dtype) {
  require_weights("glorot_uniform", shape);
  const auto fans = static_cast<double>(std::max<std::int64_t>(shape[0] + shape[1], 1));
  const double bound = std::sqrt(6 / fans);
  return uniform(shape, -bound, bound, dtype);
}

Tensor Rng::he_normal(const Shape& shape, DType dtype) {
  require_weights("he_normal", shape);
  const auto fan_in = static_cast<double>(std::max<std::int64_t>(shape[0], 1));
  return normal(shape, 0, std::sqrt(2 / fan_in), dtype);
}

double Rng::number(double low, double high) {
  require_range(low, high);
  double value = 0;
  fill_uniform(key(), 0, std::span(&value, 1), low, high);
  return value;
}

std::int64_t Rng::integer(std::int64_t low, std::int64_t high) {
  require_range(low, high);
  return integer_in(key(), 0, low, high);
}

}  // namespace dagrad
