#pragma once

#include <cstddef>
#include <string>

namespace dagrad::detail {

/// "¹²" for 12.
std::string superscript(std::size_t number);

}  // namespace dagrad::detail
