#pragma once

#include "dagrad/tensor.hpp"

namespace dagrad {

/// Throws TypeError or ShapeError if the key is not an int64 scalar.
void check_key(const Type& key);

}  // namespace dagrad
