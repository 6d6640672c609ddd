#include "src/train/labels.hpp"

#include <fmt/format.h>

#include "dagrad/error.hpp"

namespace dagrad::detail {

std::vector<std::int64_t> class_numbers(const Tensor& labels, std::string_view what) {
  if (is_float(labels.dtype()))
    throw TypeError(fmt::format("{} must hold class numbers, as integers or bools, got {}{}", what,
                                to_string(labels.type()),
                                labels.rank() == 2 ? "; argmax(x, 1) turns a score for each class "
                                                     "into class numbers"
                                                   : "; convert them with Tensor::cast"));
  if (labels.rank() != 1)
    throw ShapeError(
        fmt::format("{} must hold one class number for each row, of shape [rows], got "
                    "{}",
                    what, to_string(labels.type())));
  return labels.cast(i64).to_vector<std::int64_t>();
}

std::vector<std::int64_t> class_numbers(const Tensor& labels, std::int64_t classes,
                                        std::string_view what) {
  if (classes < 1)
    throw ArgumentError(fmt::format("the number of classes must be at least 1, got {}", classes));
  std::vector<std::int64_t> numbers = class_numbers(labels, what);
  for (std::size_t row = 0; row < numbers.size(); ++row)
    if (numbers[row] < 0 || numbers[row] >= classes)
      throw ArgumentError(fmt::format("{} must hold class numbers from 0 to {}, got {} in row {}",
                                      what, classes - 1, numbers[row], row));
  return numbers;
}

}  // namespace dagrad::detail
