#pragma once

#include <string>
#include <string_view>

namespace dagrad::detail {

/// The text as a string of JSON, in quotes.
std::string json_string(std::string_view text);

}  // namespace dagrad::detail
