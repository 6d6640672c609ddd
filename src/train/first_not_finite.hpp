#pragma once

#include <cstdint>

#include "dagrad/tensor.hpp"

namespace dagrad::detail {

/// Position of the first number that is infinite or NaN; -1 if there is none, as there is none
/// among integers.
std::int64_t first_not_finite(const Tensor& x);

}  // namespace dagrad::detail
