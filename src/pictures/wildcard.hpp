#pragma once

#include <string_view>

namespace dagrad::detail {

/// Whether the whole name fits the pattern, in which '*' stands for any characters without '/', and
/// '**' for any characters.
bool fits(std::string_view pattern, std::string_view name);
/// Whether the name or a scope that it lies in fits the pattern.
bool fits_within(std::string_view pattern, std::string_view name);

}  // namespace dagrad::detail
