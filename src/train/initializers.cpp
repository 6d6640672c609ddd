#include "dagrad/train/initializers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/random.hpp"
#include "src/train/named_call.hpp"
#include "src/train/normal_quantile.hpp"
#include "src/train/orthonormal.hpp"
#include "src/train/require.hpp"

namespace dagrad {

namespace {

using Doubles = std::vector<double>;

// ---- checks

void require_finite_number(std::string_view what, double number) {
  detail::require(std::isfinite(number), what, "finite", number);
}

void require_normal(double mean, double deviation) {
  require_finite_number("mean", mean);
  detail::require(deviation >= 0 && std::isfinite(deviation), "deviation", "finite and at least 0",
                  deviation);
}

void require_gain(double gain) {
  detail::require(gain > 0 && std::isfinite(gain), "gain", "positive and finite", gain);
}

void require_drawable(const Type& type, int least_rank) {
  if (type.dtype != f32 && type.dtype != f64)
    throw TypeError(fmt::format("the dtype must be float32 or float64, got {}", to_string(type)));
  if (type.shape.rank() < least_rank)
    throw ShapeError(fmt::format(
        "weights must have at least two axes, such as [in, out], got {}; use uniform, normal or "
        "constant",
        to_string(type)));
}

Tensor tensor_of(const Type& type, const Doubles& numbers) {
  const double most = type.dtype == f32 ? static_cast<double>(std::numeric_limits<float>::max())
                                        : std::numeric_limits<double>::max();
  for (const double number : numbers)
    if (!(std::abs(number) <= most))
      throw ArgumentError(
          fmt::format("an element is beyond the range of {}: {}", name(type.dtype), number));
  return Tensor(type.shape, numbers).cast(type.dtype);
}

/// The initialiser of that name. `draw` gets the type and the key, and returns the elements.
template <class Draw>
Initializer initializer(std::string_view name, Location where, int least_rank, Draw draw) {
  return [=](const Type& type, std::int64_t key) {
    return detail::named_call(name, where, [&] {
      require_drawable(type, least_rank);
      return tensor_of(type, draw(type, key));
    });
  };
}

// ---- numbers

Doubles streamed(const Type& type, std::int64_t key, double low, double high) {
  Doubles numbers(static_cast<std::size_t>(type.elements()));
  fill_uniform(key, 0, std::span(numbers), low, high);
  return numbers;
}

/// Uniform in [low, high), also after rounding to the dtype.
Doubles uniforms(const Type& type, std::int64_t key, double low, double high) {
  Doubles numbers = streamed(type, key, low, high);
  if (type.dtype == f32)
    for (double& number : numbers) {
      const auto rounded = static_cast<float>(number);
      number = rounded < high ? rounded : std::nextafter(rounded, -INFINITY);
    }
  return numbers;
}

/// Uniform in (0, 1), symmetric about 1/2.
Doubles uniforms_inside(const Type& type, std::int64_t key) {
  Doubles numbers = streamed(type, key, 0, 1);
  for (double& number : numbers) number = (std::floor(number * 0x1p52) + 0.5) * 0x1p-52;
  return numbers;
}

Doubles normals(const Type& type, std::int64_t key, double mean, double deviation) {
  Doubles numbers = uniforms_inside(type, key);
  for (double& number : numbers) number = mean + deviation * detail::normal_quantile(number);
  return numbers;
}

Doubles truncated_normals_within_two(const Type& type, std::int64_t key, double mean,
                                     double deviation) {
  constexpr double below = 0.022750131948179207;  // the probability of less than -2
  Doubles numbers = uniforms_inside(type, key);
  for (double& number : numbers) {
    const double drawn = detail::normal_quantile(below + (1 - 2 * below) * number);
    number = mean + deviation * std::clamp(drawn, -2.0, 2.0);
  }
  return numbers;
}

// ---- those that depend on the fans

enum class Distribution { uniform, normal };

/// Weights with mean 0 and the standard deviation that `deviation` computes from their fans.
template <class Deviation>
Initializer scaled_by_fans(std::string_view name, Location where, Distribution distribution,
                           Deviation deviation) {
  return initializer(name, where, 2, [=](const Type& type, std::int64_t key) {
    if (type.elements() == 0) return Doubles();
    const double wanted = deviation(fans(type.shape));
    if (distribution == Distribution::normal) return normals(type, key, 0, wanted);
    const double bound = std::sqrt(3.0) * wanted;
    return uniforms(type, key, -bound, bound);
  });
}

Initializer glorot(std::string_view name, Distribution distribution, double gain, Location where) {
  detail::named_call(name, where, [&] { require_gain(gain); });
  return scaled_by_fans(name, where, distribution, [=](const Fans& fans) {
    return gain * std::sqrt(2 / (fans.in + fans.out));
  });
}

Initializer he(std::string_view name, Distribution distribution, double slope, Location where) {
  detail::named_call(name, where, [&] { require_finite_number("slope", slope); });
  return scaled_by_fans(name, where, distribution, [=](const Fans& fans) {
    return std::sqrt(2 / ((1 + slope * slope) * fans.in));
  });
}

Initializer lecun(std::string_view name, Distribution distribution, Location where) {
  return scaled_by_fans(name, where, distribution,
                        [](const Fans& fans) { return std::sqrt(1 / fans.in); });
}

}  // namespace

Fans fans(const Shape& shape) {
  if (shape.rank() < 2)
    throw ShapeError("fans: weights must have at least two axes, such as [in, out], got " +
                     to_string(shape));
  const auto first = static_cast<double>(shape[0]), second = static_cast<double>(shape[1]);
  if (shape.rank() == 2) return {first, second};
  double taps = 1;
  for (int axis = 2; axis < shape.rank(); ++axis) taps *= static_cast<double>(shape[axis]);
  return {second * taps, first * taps};
}

namespace initializers {

Initializer constant(double value, Location where) {
  detail::named_call("constant", where, [&] { require_finite_number("value", value); });
  return initializer("constant", where, 0, [=](const Type& type, std::int64_t) {
    return Doubles(static_cast<std::size_t>(type.elements()), value);
  });
}

Initializer uniform(double low, double high, Location where) {
  detail::named_call("uniform", where, [&] {
    if (!(low < high && std::isfinite(high - low)))
      throw ArgumentError(fmt::format(
          "needs low < high, both finite and at a finite distance, got [{}, {})", low, high));
  });
  return initializer("uniform", where, 0, [=](const Type& type, std::int64_t key) {
    return uniforms(type, key, low, high);
  });
}

Initializer normal(double mean, double deviation, Location where) {
  detail::named_call("normal", where, [&] { require_normal(mean, deviation); });
  return initializer("normal", where, 0, [=](const Type& type, std::int64_t key) {
    return normals(type, key, mean, deviation);
  });
}

Initializer truncated_normal(double mean, double deviation, Location where) {
  detail::named_call("truncated_normal", where, [&] { require_normal(mean, deviation); });
  return initializer("truncated_normal", where, 0, [=](const Type& type, std::int64_t key) {
    return truncated_normals_within_two(type, key, mean, deviation);
  });
}

Initializer glorot_uniform(double gain, Location where) {
  return glorot("glorot_uniform", Distribution::uniform, gain, where);
}
Initializer glorot_normal(double gain, Location where) {
  return glorot("glorot_normal", Distribution::normal, gain, where);
}
Initializer he_uniform(double slope, Location where) {
  return he("he_uniform", Distribution::uniform, slope, where);
}
Initializer he_normal(double slope, Location where) {
  return he("he_normal", Distribution::normal, slope, where);
}
Initializer lecun_uniform(Location where) {
  return lecun("lecun_uniform", Distribution::uniform, where);
}
Initializer lecun_normal(Location where) {
  return lecun("lecun_normal", Distribution::normal, where);
}

Initializer orthogonal(double gain, Location where) {
  detail::named_call("orthogonal", where, [&] { require_gain(gain); });
  return initializer("orthogonal", where, 2, [=](const Type& type, std::int64_t key) {
    Doubles numbers = normals(type, key, 0, 1);
    if (!numbers.empty())
      detail::make_orthonormal(numbers, static_cast<std::size_t>(type.shape[0]));
    for (double& number : numbers) number *= gain;
    return numbers;
  });
}

}  // namespace initializers

}  // namespace dagrad
