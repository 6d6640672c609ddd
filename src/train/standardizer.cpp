#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "dagrad/train/preprocess.hpp"
#include "src/train/named_call.hpp"

namespace dagrad {

namespace {

/// What is known of one element of all rows, such as a column of a table. Numbers are scaled, by
/// their range around its middle, so that nothing overflows, and nothing that matters is lost if
/// they are far from 0.
struct ElementOfRows {
  double least = HUGE_VAL, most = -HUGE_VAL, count = 0;
  double middle = 0, range = 0;
  double centre = 0;   ///< the mean of the scaled numbers
  double squares = 0;  ///< the sum of their squared deviations from it

  double scaled(double x) const { return (x - middle) / range; }
  double mean() const { return least == most ? least : middle + centre * range; }
  double scale() const {
    if (least == most) return 1;
    return std::max(std::sqrt(squares / count) * range, std::numeric_limits<double>::denorm_min());
  }
};

/// f(element, number) for each number of each row, row by row; NaN is skipped.
template <class F>
void each_number(std::span<const double> numbers, std::vector<ElementOfRows>& elements, F&& f) {
  for (std::size_t i = 0; i < numbers.size();)
    for (ElementOfRows& element : elements) {
      if (!std::isnan(numbers[i])) f(element, numbers[i]);
      ++i;
    }
}

/// Checks the extremes of an element, and prepares it for scaling.
void prepare(ElementOfRows& element, std::size_t position) {
  const double least = element.least, most = element.most;
  if (element.count == 0)
    throw ArgumentError(
        fmt::format("element {} of a row is NaN in every row, so it has no mean", position));
  for (const double x : {least, most})
    if (std::isinf(x))
      throw ArgumentError(
          fmt::format("x must be finite or NaN, got {} in element {} of a row", x, position));
  element.middle = least / 2 + most / 2;
  element.range = std::isinf(most - least) ? most / 2 - least / 2 : most - least;
}

std::vector<ElementOfRows> elements_of(std::span<const double> numbers, std::size_t in_row) {
  std::vector<ElementOfRows> elements(in_row);
  each_number(numbers, elements, [](ElementOfRows& element, double x) {
    element.least = std::min(element.least, x);
    element.most = std::max(element.most, x);
    ++element.count;
  });
  for (std::size_t i = 0; i < in_row; ++i) prepare(elements[i], i);
  each_number(numbers, elements,
              [](ElementOfRows& element, double x) { element.centre += element.scaled(x); });
  for (ElementOfRows& element : elements) element.centre /= element.count;
  each_number(numbers, elements, [](ElementOfRows& element, double x) {
    const double deviation = element.scaled(x) - element.centre;
    element.squares += deviation * deviation;
  });
  return elements;
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
  for (std::size_t first = 0; first < numbers.size(); first += means.size())
    for (std::size_t i = 0; i < means.size(); ++i)
      numbers[first + i] = f(numbers[first + i], means[i], scales[i]);
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
    const auto elements = elements_of(wide.values<double>(), means.size());
    for (std::size_t i = 0; i < means.size(); ++i) {
      means[i] = elements[i].mean();
      scales[i] = elements[i].scale();
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
