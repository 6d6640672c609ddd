#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dagrad::detail {

/// "¹²" for 12.
std::string superscript(std::size_t number);
/// "⁻¹²" for "-12"; empty if a character is neither a digit nor '-'.
std::string superscript(std::string_view digits);
/// "₋₁,₂" for "-1,2", or "_n" for "n" if a character is neither a digit nor one of "-,".
std::string subscript(std::string_view index);

/// The text as letters of LaTeX's math mode.
std::string latex_escaped(std::string_view text);
/// The text as words within \text{…}, without characters that LaTeX has no short name for there.
std::string latex_text(std::string_view text);

}  // namespace dagrad::detail
