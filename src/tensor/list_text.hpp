#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>

namespace dagrad::detail {

/// Texts or numbers, separated. This is what fmt::join does, whose formatters take seconds to
/// compile.
template <class Range>
std::string list_text(const Range& values, std::string_view separator = ", ") {
  std::string text;
  bool first = true;
  for (const auto& value : values) {
    if (!first) text += separator;
    first = false;
    if constexpr (std::convertible_to<decltype(value), std::string_view>)
      text += value;
    else
      text += fmt::format("{}", value);
  }
  return text;
}

}  // namespace dagrad::detail
