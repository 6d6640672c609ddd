#pragma once

#include <string>
#include <string_view>

namespace dagrad::detail {

/// A number with three digits and the prefix of its unit: "12.3 µs" for 1.23e-5 and "s".
std::string with_unit(double number, std::string_view unit);
/// A share as "12.3 %".
std::string percent(double share);

}  // namespace dagrad::detail
