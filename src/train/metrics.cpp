#include "dagrad/train/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/train/labels.hpp"
#include "src/train/named_call.hpp"

namespace dagrad::metrics {

namespace {

/// Throws unless both have the same number of rows, at least one.
void require_same_rows(const Tensor& predicted, const Tensor& labels) {
  if (predicted.shape()[0] != labels.shape()[0])
    throw ShapeError(fmt::format("expected as many predictions as labels, got {} and {}",
                                 to_string(predicted.type()), to_string(labels.type())));
  if (labels.shape()[0] == 0) throw ArgumentError("there are no rows");
}

/// The numbers of predictions and targets, row by row.
struct Regression {
  Tensor predicted, targets;
  std::size_t rows = 0, in_row = 0;

  Regression(const Tensor& given, const Tensor& wanted) {
    if (given.shape() != wanted.shape())
      throw ShapeError(
          fmt::format("predictions and targets must have the same shape, got {} and "
                      "{}",
                      to_string(given.type()), to_string(wanted.type())));
    if (given.rank() == 0) throw ShapeError("predictions and targets must have rows, got scalars");
    if (given.size() == 0) throw ArgumentError("there are no rows");
    predicted = given.cast(f64);
    targets = wanted.cast(f64);
    rows = static_cast<std::size_t>(given.shape()[0]);
    in_row = static_cast<std::size_t>(given.size()) / rows;
  }
};

/// R² of one element of each row.
double r_squared_of(const Regression& data, std::size_t element) {
  const auto predicted = data.predicted.values<double>(), targets = data.targets.values<double>();
  double sum = 0, errors = 0, deviations = 0;
  bool constant = true;
  for (std::size_t i = element; i < targets.size(); i += data.in_row) {
    sum += targets[i];
    constant = constant && targets[i] == targets[element];
  }
  const double mean = sum / static_cast<double>(data.rows);
  for (std::size_t i = element; i < targets.size(); i += data.in_row) {
    errors += (targets[i] - predicted[i]) * (targets[i] - predicted[i]);
    deviations += (targets[i] - mean) * (targets[i] - mean);
  }
  if (constant && !std::isnan(errors)) return errors == 0 ? 1 : 0;
  return 1 - errors / deviations;
}

}  // namespace

double accuracy(const Tensor& predicted, const Tensor& labels, Location where) {
  return detail::named_call("accuracy", where, [&] {
    const auto given = detail::class_numbers(predicted, "predictions");
    const auto wanted = detail::class_numbers(labels, "labels");
    require_same_rows(predicted, labels);
    std::size_t right = 0;
    for (std::size_t row = 0; row < given.size(); ++row) right += given[row] == wanted[row];
    return static_cast<double>(right) / static_cast<double>(given.size());
  });
}

double top_k_accuracy(const Tensor& scores, const Tensor& labels, std::int64_t k, Location where) {
  return detail::named_call("top_k_accuracy", where, [&] {
    if (!is_float(scores.dtype()))
      throw TypeError(fmt::format("scores must be floats, got {}", to_string(scores.type())));
    if (scores.rank() != 2)
      throw ShapeError(fmt::format("scores must have the shape [rows, classes], got {}",
                                   to_string(scores.type())));
    const std::int64_t classes = scores.shape()[1];
    const auto wanted = detail::class_numbers(labels, classes, "labels");
    require_same_rows(scores, labels);
    if (k < 1 || k > classes)
      throw ArgumentError(
          fmt::format("k must be from 1 to {}, the number of classes, got {}", classes, k));
    const Tensor wide = scores.cast(f64);
    std::size_t hits = 0;
    for (std::size_t row = 0; row < wanted.size(); ++row) {
      const auto of_row = wide.values<double>().subspan(row * static_cast<std::size_t>(classes),
                                                        static_cast<std::size_t>(classes));
      const auto right = static_cast<std::size_t>(wanted[row]);
      std::int64_t before = 0;  // classes with higher scores
      for (std::size_t c = 0; c < of_row.size(); ++c)
        before += !(of_row[c] <= of_row[right]) || (of_row[c] == of_row[right] && c < right);
      hits += before < k && !std::isnan(of_row[right]);
    }
    return static_cast<double>(hits) / static_cast<double>(wanted.size());
  });
}

double r_squared(const Tensor& predicted, const Tensor& targets, Location where) {
  return detail::named_call("r_squared", where, [&] {
    const Regression data(predicted, targets);
    if (data.rows < 2) throw ArgumentError("at least two rows are needed, got 1");
    double sum = 0;
    for (std::size_t element = 0; element < data.in_row; ++element)
      sum += r_squared_of(data, element);
    return sum / static_cast<double>(data.in_row);
  });
}

double mean_absolute_error(const Tensor& predicted, const Tensor& targets, Location where) {
  return detail::named_call("mean_absolute_error", where, [&] {
    const Regression data(predicted, targets);
    const auto given = data.predicted.values<double>(), wanted = data.targets.values<double>();
    double sum = 0;
    for (std::size_t i = 0; i < given.size(); ++i) sum += std::abs(given[i] - wanted[i]);
    return sum / static_cast<double>(given.size());
  });
}

}  // namespace dagrad::metrics
