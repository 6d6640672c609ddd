#include "dagrad/train/preprocess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/train/labels.hpp"
#include "src/train/named_call.hpp"

namespace dagrad {

Dataset drop_missing(const Dataset& data) {
  std::vector<bool> complete(static_cast<std::size_t>(data.rows()), true);
  for (const auto& [name, tensor] : data.columns()) {
    if (!is_float(tensor.dtype()) || tensor.size() == 0) continue;
    const Tensor wide = tensor.cast(f64);
    const auto numbers = wide.values<double>();
    const std::size_t in_row = numbers.size() / complete.size();
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (std::isnan(numbers[i])) complete[i / in_row] = false;
  }
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < complete.size(); ++row)
    if (complete[row]) rows.push_back(static_cast<std::int64_t>(row));
  return data.take(Tensor({static_cast<std::int64_t>(rows.size())}, rows));
}

Tensor fill_missing(const Tensor& x, double number, Location where) {
  return detail::named_call("fill_missing", where, [&] {
    if (!is_float(x.dtype()))
      throw TypeError(fmt::format("x must hold floats, got {}", to_string(x.type())));
    Tensor filled = x.cast(f64);
    for (double& element : filled.mutate<double>())
      if (std::isnan(element)) element = number;
    return filled.cast(x.dtype());
  });
}

Tensor one_hot(const Tensor& labels, std::int64_t classes, DType dtype, Location where) {
  return detail::named_call("one_hot", where, [&] {
    const auto numbers = detail::class_numbers(labels, classes, "labels");
    const auto rows = static_cast<std::int64_t>(numbers.size());
    std::vector<bool> ones(numbers.size() * static_cast<std::size_t>(classes));
    for (std::size_t row = 0; row < numbers.size(); ++row)
      ones[row * static_cast<std::size_t>(classes) + static_cast<std::size_t>(numbers[row])] = true;
    return Tensor({rows, classes}, ones).cast(dtype);
  });
}

Tensor class_weights(const Tensor& labels, std::int64_t classes, Location where) {
  return detail::named_call("class_weights", where, [&] {
    const auto numbers = detail::class_numbers(labels, classes, "labels");
    std::vector<double> weights(static_cast<std::size_t>(classes));
    for (const std::int64_t number : numbers) ++weights[static_cast<std::size_t>(number)];
    for (std::size_t c = 0; c < weights.size(); ++c) {
      if (weights[c] == 0)
        throw ArgumentError(
            fmt::format("class {} of {} has no rows, so it has no weight", c, classes));
      weights[c] =
          static_cast<double>(numbers.size()) / (static_cast<double>(classes) * weights[c]);
    }
    return Tensor({classes}, weights);
  });
}

}  // namespace dagrad
