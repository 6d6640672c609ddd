#include "dagrad/attributes.hpp"

#include <fmt/format.h>

#include <string_view>

#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

std::string attribute_text(bool value) { return value ? "true" : "false"; }
std::string attribute_text(std::int64_t value) { return std::to_string(value); }
std::string attribute_text(double value) { return fmt::format("{}", value); }
std::string attribute_text(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return printable_line(text += '"');
}
std::string attribute_text(DType value) { return std::string(name(value)); }
std::string attribute_text(const Shape& value) { return to_string(value); }
std::string attribute_text(const Type& value) { return to_string(value); }

std::string attribute_text(const Tensor& value) {
  return value.size() == 1 ? fmt::format("{}", value.at(0)) : to_string(value.type());
}

std::string attribute_text(const std::vector<std::int64_t>& value) {
  return fmt::format("[{}]", fmt::join(value, ","));
}

namespace {
std::size_t hash_bytes(const void* data, std::size_t size) {
  return std::hash<std::string_view>{}({static_cast<const char*>(data), size});
}
}  // namespace

std::size_t attribute_hash(const std::string& value) { return std::hash<std::string>{}(value); }
std::size_t attribute_hash(const Shape& value) {
  return hash_bytes(value.begin(), sizeof(std::int64_t) * static_cast<std::size_t>(value.rank()));
}
std::size_t attribute_hash(const Type& value) {
  return attribute_hash(value.shape) * 8 + static_cast<std::size_t>(value.dtype);
}
std::size_t attribute_hash(const Tensor& value) {
  return hash_bytes(value.data(), value.type().bytes()) ^ attribute_hash(value.type());
}
std::size_t attribute_hash(const std::vector<std::int64_t>& value) {
  return hash_bytes(value.data(), value.size() * sizeof(std::int64_t));
}

}  // namespace dagrad::detail
