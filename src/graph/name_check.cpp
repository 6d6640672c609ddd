#include "src/graph/name_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "dagrad/error.hpp"
#include "dagrad/graph.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

std::string too_long(std::string_view name, std::size_t most) {
  return fmt::format("it has {} bytes, at most {} are allowed", name.size(), most);
}

/// What is wrong with the text of a name of any kind; empty if nothing is.
std::string fault_of_text(std::string_view name, std::size_t most) {
  if (name.size() > most) return too_long(name, most);
  if (const std::size_t at = invalid_utf8(name); at != std::string_view::npos)
    return fmt::format("byte {}, 0x{:02x}, is not UTF-8", at, static_cast<unsigned char>(name[at]));
  return {};
}

std::string_view fault_of_slashes(std::string_view name) {
  if (name.front() == '/' || name.back() == '/' || name.find("//") != name.npos)
    return "each '/' must stand between two words";
  return {};
}

/// What is wrong with a name in a graph whose text is well-formed; empty if nothing is.
std::string_view fault_in_graph(std::string_view name, Named what) {
  if (name.empty()) return "it is empty";
  const bool op = what == Named::op;
  if (!op)
    if (const auto fault = fault_of_slashes(name); !fault.empty()) return fault;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == ' ' || is_control(byte)) return "it contains white space or control characters";
    if (op && c == '/') return "it contains a '/', which separates scopes";
    if (op && c == ':') return "it contains a ':', which precedes the number of a result";
    if (!op && std::string_view(":%\"\\(){},;#=<>").find(c) != std::string_view::npos)
      return "it may contain only letters, digits and _ . - + ' /";
  }
  return {};
}

/// Whether it is a name of the most common kind, which needs no further checks.
bool is_plain(std::string_view name) {
  if (name.empty() || name.size() > longest_name) return false;
  char last = '/';
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || (c == '/' && last != '/');
    if (!plain) return false;
    last = c;
  }
  return last != '/';
}

/// In these names, libzip accepts only those control characters that occur in text files.
bool is_unknown_to_zip(char c) {
  return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
}

std::string fault(std::string_view name, Named what, std::size_t longest) {
  if (what != Named::array) {
    std::string text = fault_of_text(name, longest);
    return text.empty() ? std::string(fault_in_graph(name, what)) : text;
  }
  if (std::any_of(name.begin(), name.end(), is_unknown_to_zip))
    return "it contains control characters";
  return fault_of_text(name, longest_full_name);
}

[[noreturn]] void refuse(std::string_view name, Named what, std::string_view why) {
  constexpr std::array<std::string_view, 4> article{"a node", "a scope", "an op", "an array"};
  throw ArgumentError(fmt::format("bad name \"{}\" for {}: {}", printable(name),
                                  article[static_cast<std::size_t>(what)], why));
}

}  // namespace

void check_name(std::string_view name, Named what, std::size_t longest) {
  const bool slashes = what == Named::op && name.find('/') != name.npos;
  if (is_plain(name) && !slashes) return;
  if (const std::string why = fault(name, what, longest); !why.empty()) refuse(name, what, why);
}

void check_full_name(std::string_view name, Named what) {
  if (name.size() > longest_full_name)
    refuse(name, what, too_long(name, longest_full_name) + " together with its scopes");
}

std::string checked_op_name(std::string_view name) {
  check_name(name, Named::op);
  return std::string(name);
}

}  // namespace dagrad::detail
