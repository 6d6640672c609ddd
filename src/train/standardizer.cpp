#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dagrad/train/preprocess.hpp"
#include "src/train/named_call.hpp"

namespace dagrad {

namespace {

/// One element of each row, a column of a table; NaN is skipped.
struct ElementOfRows {
  std::span<const double> numbers;
  std::size_t first, step;

  template <class F>
  void each(F&& f) const {
    for (std::size_t i = first; i < numbers.size(); i += step)
      if (!std::isnan(numbers[i])) f(numbers[i]);
  }
};

struct Moments {
  double mean = 0, scale = 1;
};

Moments moments(const ElementOfRows& element) {
  double least = HUGE_VAL, most = -HUGE_VAL, count = 0;
  element.each([&](double x) {
    if (std::isinf(x))
      throw ArgumentError(
          fmt::format("x must be finite or NaN, got {} in element {} of a row", x, element.first));
    least = std::min(least, x);
    most = std::max(most, x);
    ++count;
  });
  if (count == 0)
    throw ArgumentError(
        fmt::format("element {} of a row is NaN in every row, so it has no mean", element.first));
  if (least == most) return {least, 1};
  // Around the middle and in units of the range, so that nothing overflows, and nothing
  // that matters is lost if the numbers are far from 0.
  const double middle = least / 2 + most / 2, range = most - least;
  const double unit = std::isinf(range) ? most / 2 - least / 2 : range;
  double sum = 0, squares = 0;
  element.each([&](double x) { sum += (x - middle) / unit; });
  const double mean = sum / count;
  element.each([&](double x) {
    const double deviation = (x - middle) / unit - mean;
    squares += deviation * deviation;
  });
  const double deviation = std::sqrt(squares / count) * unit;
  return {middle + mean * unit, std::max(deviation, std::numeric_limits<double>::denorm_min())};
}

void require_floats(const Tensor& x) {
  if (!is_float(x.dtype()))
    throw TypeError(fmt::format("x must hold floats, got {}; convert it with Tensor::cast",
                                to_string(x.type())));
  if (x.rank() == 0)
    throw ShapeError(
        fmt::format("x must have an axis that counts the rows, got {}", to_string(x.type())));
}

Shape row_shape(const Tensor& x) { return Shape(x.shape().dims().subspan(1)); }

/// f(number, mean, scale) of each number, in the dtype of x.
template <class F>
Tensor standardized(const Tensor& x, const Tensor& mean, const Tensor& scale, const F& f) {
  require_floats(x);
  if (row_shape(x) != mean.shape())
    throw ShapeError(
        fmt::format("rows of shape {} are expected, as those that it was fitted to, "
                    "but x is {}",
                    to_string(mean.shape()), to_string(x.type())));
  Tensor result = x.cast(f64);
  const auto numbers = result.mutate<double>();
  const auto means = mean.values<double>(), scales = scale.values<double>();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = f(numbers[i], means[i % means.size()], scales[i % means.size()]);
  return result.cast(x.dtype());
}

}  // namespace

Standardizer::Standardizer(const Tensor& x, Location where) {
  detail::named_call("Standardizer", where, [&] {
    require_floats(x);
    if (x.shape()[0] == 0) throw ArgumentError("x has no rows, so there is no mean");
    const Tensor wide = x.cast(f64);
    mean_ = Tensor(Type{f64, row_shape(x)});
    scale_ = mean_;
    const auto means = mean_.mutate<double>(), scales = scale_.mutate<double>();
    for (std::size_t i = 0; i < means.size(); ++i) {
      const Moments found = moments({wide.values<double>(), i, means.size()});
      means[i] = found.mean;
      scales[i] = found.scale;
    }
  });
}

Standardizer::Standardizer(const Tensor& mean, const Tensor& scale, Location where)
    : mean_(mean), scale_(scale) {
  detail::named_call("Standardizer", where, [&] {
    const auto types = [&] { return to_string(mean.type()) + " and " + to_string(scale.type()); };
    if (mean.dtype() != f64 || scale.dtype() != f64)
      throw TypeError("mean and scale must be float64, got " + types());
    if (mean.shape() != scale.shape())
      throw ShapeError("mean and scale must have the same shape, got " + types());
    for (const double number : mean.values<double>())
      if (!std::isfinite(number))
        throw ArgumentError(fmt::format("a mean must be finite, got {}", number));
    for (const double number : scale.values<double>())
      if (!(number > 0 && std::isfinite(number)))
        throw ArgumentError(fmt::format("a scale must be positive and finite, got {}", number));
  });
}

Tensor Standardizer::apply(const Tensor& x, Location where) const {
  return detail::named_call("Standardizer::apply", where, [&] {
    return standardized(x, mean_, scale_,
                        [](double v, double mean, double scale) { return (v - mean) / scale; });
  });
}

Tensor Standardizer::undo(const Tensor& x, Location where) const {
  return detail::named_call("Standardizer::undo", where, [&] {
    return standardized(x, mean_, scale_,
                        [](double v, double mean, double scale) { return v * scale + mean; });
  });
}

}  // namespace dagrad
