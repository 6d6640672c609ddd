#pragma once

#include <cstdint>
#include <span>

#include "dagrad/tensor.hpp"

namespace dagrad {

/// Philox4x32-10 (Salmon et al., SC 2011): the block of four words that belongs to a key and a
/// counter. Bits depend on these two only.
struct PhiloxBlock {
  std::uint32_t word[4];
};
PhiloxBlock philox(std::uint64_t key, std::uint64_t counter_low, std::uint64_t counter_high = 0);

/// A key derived from a key and a number; different numbers give independent streams.
std::int64_t fold_in(std::int64_t key, std::int64_t i);

/// Uniform in [0, 1), a multiple of 2^-24 or 2^-53, from element `i` >= 0 of the stream of `key`.
float uniform_float(std::int64_t key, std::int64_t i);
double uniform_double(std::int64_t key, std::int64_t i);
/// Standard normal (Box and Muller 1958) from element `i` of the stream of `key`.
float normal_float(std::int64_t key, std::int64_t i);
double normal_double(std::int64_t key, std::int64_t i);

/// Elements [first, first + size) of those streams, at a fraction of the cost of one by one; scaled
/// in double and rounded once, uniform ones stay below `high`.
void fill_uniform(std::int64_t key, std::int64_t first, std::span<float> out, double low = 0,
                  double high = 1);
void fill_uniform(std::int64_t key, std::int64_t first, std::span<double> out, double low = 0,
                  double high = 1);
void fill_normal(std::int64_t key, std::int64_t first, std::span<float> out, double mean = 0,
                 double deviation = 1);
void fill_normal(std::int64_t key, std::int64_t first, std::span<double> out, double mean = 0,
                 double deviation = 1);

/// The same elements of a standard normal given that it lies in [low, high], by rejection (Robert
/// 1995), right in the far tails too; scaled in double and rounded once, within the scaled bounds.
/// `low` < `high` are counted in deviations and may be infinite.
void fill_truncated_normal(std::int64_t key, std::int64_t first, std::span<float> out, double mean,
                           double deviation, double low, double high);
void fill_truncated_normal(std::int64_t key, std::int64_t first, std::span<double> out, double mean,
                           double deviation, double low, double high);
/// The same elements of a standard Gumbel distribution, -log(-log(u)).
void fill_gumbel(std::int64_t key, std::int64_t first, std::span<float> out);
void fill_gumbel(std::int64_t key, std::int64_t first, std::span<double> out);
/// 0 … size-1 shuffled (Fisher and Yates) by the stream of `key`: every order is as likely.
void fill_permutation(std::int64_t key, std::span<std::int64_t> out);

/// Random tensors for initial values and test data, on the host. The n-th tensor drawn depends on
/// the seed and n alone.
class Rng {
 public:
  explicit Rng(std::int64_t seed) : key_(seed) {}

  /// Uniform in [low, high). Throws ArgumentError unless low < high, both finite; TypeError for
  /// ints.
  Tensor uniform(const Shape& shape, double low = 0, double high = 1, DType dtype = f64);
  Tensor normal(const Shape& shape, double mean = 0, double deviation = 1, DType dtype = f64);
  /// Uniform over the integers [low, high).
  Tensor integers(const Shape& shape, std::int64_t low, std::int64_t high, DType dtype = i64);
  /// 0 … n−1 shuffled, int64.
  Tensor permutation(std::int64_t n);
  /// Glorot and Bengio 2010: uniform ± sqrt(6 / (fan_in + fan_out)); weights are [in, out].
  Tensor glorot_uniform(const Shape& shape, DType dtype = f64);
  /// He et al. 2015: normal with deviation sqrt(2 / fan_in); weights are [in, out].
  Tensor he_normal(const Shape& shape, DType dtype = f64);
  /// One uniform number in [low, high), for generators of test cases.
  double number(double low = 0, double high = 1);
  std::int64_t integer(std::int64_t low, std::int64_t high);
  /// A fresh key for a graph's random ops.
  std::int64_t key();

 private:
  std::int64_t key_;
  std::int64_t drawn_ = 0;
};

}  // namespace dagrad
