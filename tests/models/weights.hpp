#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "dagrad/tensor.hpp"

/// Weights and data of the models that are compared with PyTorch. They are a function of a seed and
/// a position, which tests/golden/models/weights.py computes with the same bits.
namespace dagrad::models {

/// The bits at position i of stream `seed`, by the finalizer of SplitMix64 (Steele, Lea and Flood
/// 2014).
inline std::uint64_t bits_at(std::uint64_t seed, std::uint64_t i) {
  std::uint64_t z = ((seed << 32) + i + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// Uniform in [-bound, bound). Computed in double and rounded to the dtype, float32 or float64, in
/// which `centre` is then added.
inline Tensor uniform_at(std::uint64_t seed, const Shape& shape, double bound, DType dtype,
                         double centre = 0) {
  Tensor out(Type{dtype, shape});
  const auto fill = [&]<class T>(std::span<T> values) {
    std::uint64_t i = 0;
    for (T& value : values) {
      const double wide = bound * (static_cast<double>(bits_at(seed, i++) >> 11) * 0x1p-52 - 1);
      value = static_cast<T>(wide) + static_cast<T>(centre);
    }
  };
  dtype == f32 ? fill(out.mutate<float>()) : fill(out.mutate<double>());
  return out;
}

/// Integers in [0, end), as int64.
inline Tensor integers_at(std::uint64_t seed, const Shape& shape, std::int64_t end) {
  Tensor out(Type{i64, shape});
  std::uint64_t i = 0;
  for (std::int64_t& value : out.mutate<std::int64_t>())
    value = static_cast<std::int64_t>(bits_at(seed, i++) % static_cast<std::uint64_t>(end));
  return out;
}

/// Columns [first, first + count) of rows of integers.
inline Tensor columns(const Tensor& rows, std::int64_t first, std::int64_t count) {
  Tensor out(Type{i64, {rows.shape()[0], count}});
  auto to = out.mutate<std::int64_t>().begin();
  for (std::int64_t row = 0; row < rows.shape()[0]; ++row)
    to =
        std::copy_n(rows.values<std::int64_t>().begin() + row * rows.shape()[1] + first, count, to);
  return out;
}

}  // namespace dagrad::models
