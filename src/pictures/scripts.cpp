#include "src/pictures/scripts.hpp"

#include <array>

namespace dagrad::detail {

std::string superscript(std::size_t number) { return superscript(std::to_string(number)); }

std::string superscript(std::string_view digits) {
  constexpr std::array<std::string_view, 10> high{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text;
  for (const char c : digits) {
    if (c >= '0' && c <= '9')
      text += high[static_cast<std::size_t>(c - '0')];
    else if (c == '-')
      text += "⁻";
    else
      return {};
  }
  return text;
}

std::string subscript(std::string_view index) {
  std::string text;
  for (const char c : index) {
    if (c >= '0' && c <= '9')
      text += std::string("\xe2\x82") + static_cast<char>(0x80 + (c - '0'));
    else if (c == '-')
      text += "₋";
    else if (c == ',')
      text += ",";
    else
      return "_" + std::string(index);
  }
  return text;
}

namespace {

bool needs_backslash(char c) {
  return std::string_view("$&_#%{}").find(c) != std::string_view::npos;
}

}  // namespace

std::string latex_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (needs_backslash(c)) out += '\\';
    if (c != '\\' && c != '^' && c != '~') out += c;
  }
  return out;
}

std::string latex_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (needs_backslash(c))
      out.append(1, '\\').append(1, c);
    else if (c == '|')
      out += "\\vert{}";
    else if (c == '\\')
      out += "\\backslash{}";
    else if (c == '^' || c == '~')
      out += c == '^' ? "\\wedge{}" : "\\sim{}";
    else
      out += c;
  }
  return out;
}

}  // namespace dagrad::detail
