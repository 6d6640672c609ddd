#pragma once

#include <cstdint>
#include <span>

#include "dagrad/tensor.hpp"

namespace dagrad {

/// Philox4x32-10 (Salmon et al., SC 2011): a block of four random words, which depends only on a
/// key and a counter.
struct PhiloxBlock {
  std::uint32_t word[4];
};
PhiloxBlock philox(std::uint64_t key, std::uint64_t counter_low, std::uint64_t counter_high = 0);

/// Derives a key from a key and a number; different numbers give independent streams.
std::int64_t fold_in(std::int64_t key, std::int64_t i);

/// Element `i` >= 0 of the uniform stream of `key`: a multiple of 2^-24 (float) or 2^-53 (double)
/// in [0, 1).
float uniform_float(std::int64_t key, std::int64_t i);
double uniform_double(std::int64_t key, std::int64_t i);
/// Element `i` >= 0 of the standard normal stream of `key` (Box and Muller 1958).
float normal_float(std::int64_t key, std::int64_t i);
double normal_double(std::int64_t key, std::int64_t i);

/// Elements [first, first + size) of these streams, which is much faster than one by one. They are
/// scaled in double and rounded once; uniform elements stay below `high`.
void fill_uniform(std::int64_t key, std::int64_t first, std::span<float> out, double low = 0,
                  double high = 1);
void fill_uniform(std::int64_t key, std::int64_t first, std::span<double> out, double low = 0,
                  double high = 1);
void fill_normal(std::int64_t key, std::int64_t first, std::span<float> out, double mean = 0,
                 double deviation = 1);
void fill_normal(std::int64_t key, std::int64_t first, std::span<double> out, double mean = 0,
                 double deviation = 1);

/// The same for a standard normal distribution truncated to [low, high], by rejection (Robert
/// 1995), which is correct even in the far tails. Elements are scaled in double and rounded once,
/// and stay within the scaled bounds. `low` < `high` are given in standard deviations and may be
/// infinite.
void fill_truncated_normal(std::int64_t key, std::int64_t first, std::span<float> out, double mean,
                           double deviation, double low, double high);
void fill_truncated_normal(std::int64_t key, std::int64_t first, std::span<double> out, double mean,
                           double deviation, double low, double high);
/// The same for a standard Gumbel distribution, -log(-log(u)).
void fill_gumbel(std::int64_t key, std::int64_t first, std::span<float> out);
void fill_gumbel(std::int64_t key, std::int64_t first, std::span<double> out);
/// Fills `out` with 0 … size-1, shuffled (Fisher and Yates) by the stream of `key`; all orders are
/// equally likely.
void fill_permutation(std::int64_t key, std::span<std::int64_t> out);

/// Draws random tensors on the host, for initial values and test data. The n-th tensor depends only
/// on the seed and n.
class Rng {
 public:
  explicit Rng(std::int64_t seed) : key_(seed) {}

  /// Uniform in [low, high). Throws ArgumentError unless low < high and both are finite; TypeError
  /// unless the dtype is float32 or float64.
  Tensor uniform(const Shape& shape, double low = 0, double high = 1, DType dtype = f64);
  /// Normal. Throws ArgumentError unless mean and deviation are finite and deviation >= 0;
  /// TypeError
  /// unless the dtype is float32 or float64.
  Tensor normal(const Shape& shape, double mean = 0, double deviation = 1, DType dtype = f64);
  /// Uniform over the integers in [low, high). Throws ArgumentError unless low < high and the dtype
  /// can represent them.
  Tensor integers(const Shape& shape, std::int64_t low, std::int64_t high, DType dtype = i64);
  /// 0 … n−1 in random order, int64[n].
  Tensor permutation(std::int64_t n);
  /// Uniform in ± sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010). Throws ShapeError unless
  /// the shape is [in, out].
  Tensor glorot_uniform(const Shape& shape, DType dtype = f64);
  /// Normal with standard deviation sqrt(2 / fan_in) (He et al. 2015). Throws ShapeError unless the
  /// shape is [in, out].
  Tensor he_normal(const Shape& shape, DType dtype = f64);
  /// A uniform number in [low, high), for generating test cases.
  double number(double low = 0, double high = 1);
  std::int64_t integer(std::int64_t low, std::int64_t high);
  /// A new key for random ops of a graph.
  std::int64_t key();

 private:
  std::int64_t key_;
  std::int64_t drawn_ = 0;
};

}  // namespace dagrad
