#pragma once

#include "dagrad/tensor.hpp"

namespace dagrad {

/// Throws TypeError or ShapeError for what is no int64 scalar.
void check_key(const Type& key);

}  // namespace dagrad
