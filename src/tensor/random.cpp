#include "dagrad/random.hpp"

#include <Random123/philox.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "src/tensor/box_muller.hpp"
#include "src/tensor/normals.hpp"

namespace dagrad {

namespace {

// The upper half of the counter separates the streams of a key by purpose; above its lowest byte,
// it counts the earlier draws for the same element.
enum class Stream : std::uint64_t { uniform = 0, normal = 1, key = 2, truncated = 3, gumbel = 4 };

std::uint64_t pair(std::uint32_t low, std::uint32_t high) {
  return (static_cast<std::uint64_t>(high) << 32) | low;
}

PhiloxBlock block(std::int64_t key, std::int64_t counter, Stream stream,
                  std::uint64_t attempt = 0) {
  return philox(static_cast<std::uint64_t>(key), static_cast<std::uint64_t>(counter),
                static_cast<std::uint64_t>(stream) | attempt << 8);
}

// Elements per block of random bits: four floats or two doubles.
template <class T>
constexpr std::int64_t per_block = std::is_same_v<T, float> ? 4 : 2;

void uniforms(std::int64_t key, std::int64_t counter, float (&out)[4]) {
  const PhiloxBlock bits = block(key, counter, Stream::uniform);
  for (int i = 0; i < 4; ++i) out[i] = static_cast<float>(bits.word[i] >> 8) * 0x1p-24F;
}

void uniforms(std::int64_t key, std::int64_t counter, double (&out)[2]) {
  const PhiloxBlock bits = block(key, counter, Stream::uniform);
  for (int i = 0; i < 2; ++i) {
    out[i] = static_cast<double>(pair(bits.word[2 * i], bits.word[2 * i + 1]) >> 11) * 0x1p-53;
  }
}

// A normal variable restricted to an interval, by rejection (Robert 1995). Of the four proposals,
// it uses one that is accepted in at least two of five attempts.
class TruncatedNormal {
 public:
  TruncatedNormal(double low, double high) : negative_(high < 0) {
    low_ = negative_ ? -high : low;
    high_ = negative_ ? -low : high;
    if (low_ <= 0)
      proposal_ = high_ - low_ < 2.5 ? Proposal::uniform : Proposal::normal;
    else if (low_ >= 0.5)
      proposal_ = Proposal::exponential;
    else
      proposal_ = high_ - low_ <= 1 ? Proposal::uniform : Proposal::half_normal;
  }

  double operator()(std::int64_t key, std::int64_t i) const {
    for (std::uint64_t attempt = 0;; ++attempt) {
      const PhiloxBlock bits = block(key, i, Stream::truncated, attempt);
      const double u = static_cast<double>(pair(bits.word[0], bits.word[1]) >> 11) * 0x1p-53;
      const double v = static_cast<double>(pair(bits.word[2], bits.word[3]) >> 11) * 0x1p-53;
      double x = 0;
      if (accepts(u, v, x)) return negative_ ? -x : x;
    }
  }

 private:
  enum class Proposal : std::uint8_t { uniform, normal, half_normal, exponential };

  bool accepts(double u, double v, double& x) const {
    if (proposal_ == Proposal::uniform) {
      const double mode = std::max(low_, 0.0);
      x = low_ + (high_ - low_) * u;
      return v < std::exp((mode - x) * (mode + x) / 2);
    }
    if (proposal_ == Proposal::exponential) {  // decays like the density at `low_`
      const double beyond = -std::log1p(u * std::expm1(low_ * (low_ - high_))) / low_;
      x = std::min(low_ + beyond, high_);
      return v < std::exp(-beyond * beyond / 2);
    }
    double other = 0;
    detail::box_muller(1 - u, v, x, other);
    if (proposal_ == Proposal::half_normal) x = std::abs(x);
    return low_ <= x && x <= high_;
  }

  bool negative_;
  double low_ = 0, high_ = 0;
  Proposal proposal_ = Proposal::normal;
};

template <class T>
void truncated_normals(std::int64_t key, std::int64_t first, std::span<T> out, double mean,
                       double deviation, double low, double high) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const TruncatedNormal draw(low, high);
  const double least = mean + deviation * low, most = mean + deviation * high;
  for (T& value : out) {
    value = static_cast<T>(mean + deviation * draw(key, first++));
    if (static_cast<double>(value) > most) value = std::nextafter(value, -infinity);
    if (static_cast<double>(value) < least) value = std::nextafter(value, infinity);
  }
}

// Uses 52 random bits plus one half, so that neither logarithm is taken of 0.
template <class T>
void gumbels(std::int64_t key, std::int64_t first, std::span<T> out) {
  for (T& value : out) {
    const PhiloxBlock bits = block(key, first / 2, Stream::gumbel);
    const int at = first++ % 2 == 0 ? 0 : 2;
    const auto word = static_cast<double>(pair(bits.word[at], bits.word[at + 1]) >> 12);
    value = static_cast<T>(-std::log(-std::log((word + 0.5) * 0x1p-52)));
  }
}

template <class T>
using Draw = void (*)(std::int64_t key, std::int64_t counter, T (&out)[per_block<T>]);

template <class T>
T element(Draw<T> draw, std::int64_t key, std::int64_t i) {
  T values[per_block<T>];
  draw(key, i / per_block<T>, values);
  return values[i % per_block<T>];
}

template <class T>
void fill(Draw<T> draw, std::int64_t key, std::int64_t first, std::span<T> out) {
  constexpr std::int64_t n = per_block<T>;
  T values[n];
  for (std::size_t done = 0; done < out.size();) {
    const std::int64_t i = first + static_cast<std::int64_t>(done);
    draw(key, i / n, values);
    const auto count = std::min(static_cast<std::size_t>(n - i % n), out.size() - done);
    std::copy_n(values + i % n, count, out.begin() + static_cast<std::ptrdiff_t>(done));
    done += count;
  }
}

template <class T>
void scale_uniform(std::int64_t key, std::int64_t first, std::span<T> out, double low,
                   double high) {
  fill<T>(uniforms, key, first, out);
  for (T& value : out) {
    const auto rounded = static_cast<T>(low + (high - low) * static_cast<double>(value));
    value = static_cast<double>(rounded) < high
                ? rounded
                : std::nextafter(rounded, -std::numeric_limits<T>::infinity());
  }
}

/// Computes whole groups of blocks where the numbers are to be; the first and the last ones may be
/// parts of a group.
template <class T>
void normals(std::int64_t key, std::int64_t first, std::span<T> out, double mean,
             double deviation) {
  constexpr std::int64_t in_block = detail::normals_per_block<T>,
                         in_group = in_block * detail::blocks_in_group;
  const detail::FillNormals<T> fill = detail::normals_for<T>(best_instruction_set());
  std::array<T, in_group> group;
  while (!out.empty()) {
    const detail::BlockCounter counter{static_cast<std::uint64_t>(first / in_block),
                                       static_cast<std::uint64_t>(Stream::normal)};
    const std::int64_t before = first % in_block, groups = std::ssize(out) / in_group;
    std::int64_t done = groups * in_group;
    if (before == 0 && groups > 0) {
      fill(static_cast<std::uint64_t>(key), counter, groups, out.data(), mean, deviation);
    } else {
      fill(static_cast<std::uint64_t>(key), counter, 1, group.data(), mean, deviation);
      done = std::min(in_group - before, std::ssize(out));
      std::copy_n(group.begin() + before, done, out.begin());
    }
    first += done;
    out = out.subspan(static_cast<std::size_t>(done));
  }
}

template <class T>
T normal(std::int64_t key, std::int64_t i) {
  T value;
  normals(key, i, std::span(&value, 1), 0, 1);
  return value;
}

}  // namespace

namespace detail {

template <class T>
FillNormals<T> normals_for([[maybe_unused]] InstructionSet set) {
#if defined(__x86_64__)
  if (set == InstructionSet::avx512) return avx512_normals<T>();
  if (set == InstructionSet::avx2) return avx2_normals<T>();
#endif
  return plain_normals<T>();
}
template FillNormals<float> normals_for(InstructionSet set);
template FillNormals<double> normals_for(InstructionSet set);

}  // namespace detail

PhiloxBlock philox(std::uint64_t key, std::uint64_t counter_low, std::uint64_t counter_high) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  const r123::Philox4x32_R<10>::ctr_type counter{
      {low(counter_low), high(counter_low), low(counter_high), high(counter_high)}};
  const r123::Philox4x32_R<10>::key_type keys{{low(key), high(key)}};
  const auto bits = r123::Philox4x32_R<10>()(counter, keys);
  return {{bits[0], bits[1], bits[2], bits[3]}};
}

std::int64_t fold_in(std::int64_t key, std::int64_t i) {
  const PhiloxBlock bits = block(key, i, Stream::key);
  return static_cast<std::int64_t>(pair(bits.word[0], bits.word[1]));
}

float uniform_float(std::int64_t key, std::int64_t i) { return element<float>(uniforms, key, i); }
double uniform_double(std::int64_t key, std::int64_t i) {
  return element<double>(uniforms, key, i);
}
float normal_float(std::int64_t key, std::int64_t i) { return normal<float>(key, i); }
double normal_double(std::int64_t key, std::int64_t i) { return normal<double>(key, i); }

void fill_uniform(std::int64_t key, std::int64_t first, std::span<float> out, double low,
                  double high) {
  scale_uniform(key, first, out, low, high);
}
void fill_uniform(std::int64_t key, std::int64_t first, std::span<double> out, double low,
                  double high) {
  scale_uniform(key, first, out, low, high);
}
void fill_normal(std::int64_t key, std::int64_t first, std::span<float> out, double mean,
                 double deviation) {
  normals(key, first, out, mean, deviation);
}
void fill_normal(std::int64_t key, std::int64_t first, std::span<double> out, double mean,
                 double deviation) {
  normals(key, first, out, mean, deviation);
}

void fill_truncated_normal(std::int64_t key, std::int64_t first, std::span<float> out, double mean,
                           double deviation, double low, double high) {
  truncated_normals(key, first, out, mean, deviation, low, high);
}
void fill_truncated_normal(std::int64_t key, std::int64_t first, std::span<double> out, double mean,
                           double deviation, double low, double high) {
  truncated_normals(key, first, out, mean, deviation, low, high);
}
void fill_gumbel(std::int64_t key, std::int64_t first, std::span<float> out) {
  gumbels(key, first, out);
}
void fill_gumbel(std::int64_t key, std::int64_t first, std::span<double> out) {
  gumbels(key, first, out);
}

}  // namespace dagrad
