#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dagrad/tensor.hpp"

namespace dagrad::detail {

/// The class numbers in a tensor of integers or bools, of shape [rows]. `what` names the tensor in
/// errors. Throws TypeError or ShapeError for any other tensor; ArgumentError naming the row for a
/// number outside [0, classes), or if `classes` is less than 1.
std::vector<std::int64_t> class_numbers(const Tensor& labels, std::int64_t classes,
                                        std::string_view what);
/// The same for any numbers.
std::vector<std::int64_t> class_numbers(const Tensor& labels, std::string_view what);

}  // namespace dagrad::detail
