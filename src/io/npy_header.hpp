#pragma once

#include <string>

#include "dagrad/shape.hpp"

namespace dagrad::detail {

/// What comes before the elements in a .npy file, magic and version included.
std::string npy_header(const Type& type);

}  // namespace dagrad::detail
