#include "dagrad/attributes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "dagrad/error.hpp"
#include "src/tensor/list_text.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace {

/// The text in double quotes, on one line.
std::string quoted(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return detail::printable_line(text += '"');
}

std::uint64_t fnv1a(const void* data, std::size_t size) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : std::string_view(static_cast<const char*>(data), size))
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

std::string text_of(const Tensor& tensor) {
  constexpr std::int64_t most_elements = 16;
  if (tensor.size() > most_elements)
    return fmt::format("{}#{:016x}", to_string(tensor.type()),
                       fnv1a(tensor.data(), tensor.type().bytes()));
  const Tensor numbers = tensor.cast(compute_dtype(tensor.dtype()));
  const std::string elements = dispatch(numbers.dtype(), [&]<class T>(std::type_identity<T>) {
    return detail::list_text(numbers.values<T>(), ",");
  });
  return tensor.rank() == 0 ? elements
                            : fmt::format("{}{{{}}}", to_string(tensor.type()), elements);
}

std::string text_of(const ProgramPtr& program) {
  std::string text;
  for (std::size_t i = 0; program && i < program->outputs.size(); ++i)
    text += (i ? "; " : "") + formula(*program, i);
  return text;
}

std::string text_of(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ",") + quoted(value);
  return "[" + text + "]";
}

/// Names of the alternatives of an Attribute for errors, in their order.
constexpr std::string_view kinds[] = {"a bool",
                                      "an integer",
                                      "a number",
                                      "a string",
                                      "an enumerator",
                                      "a dtype",
                                      "a shape",
                                      "a type",
                                      "a tensor",
                                      "a program",
                                      "a vector of integers",
                                      "a vector of numbers",
                                      "a vector of strings",
                                      "a vector of ranges"};
static_assert(std::size(kinds) == std::variant_size_v<Attribute>);

}  // namespace

std::string attribute_text(const Attribute& value) {
  return std::visit(
      []<class T>(const T& v) -> std::string {
        if constexpr (std::is_same_v<T, std::string>)
          return quoted(v);
        else if constexpr (std::is_same_v<T, Enumerator>)
          return v.name;
        else if constexpr (std::is_same_v<T, DType>)
          return std::string(name(v));
        else if constexpr (std::is_arithmetic_v<T>)
          return fmt::format("{}", v);
        else if constexpr (detail::IntegerVector<T> || detail::RealVector<T>)
          return "[" + detail::list_text(v, ",") + "]";
        else if constexpr (requires { text_of(v); })
          return text_of(v);
        else
          return to_string(v);
      },
      value);
}

std::string to_string(const std::vector<Range>& ranges) {
  std::string text;
  for (const auto& [begin, end, step] : ranges) {
    if (!text.empty()) text += ",";
    if (begin) text += std::to_string(*begin);
    text += ":";
    if (end) text += std::to_string(*end);
    if (step != 1) text += ":" + std::to_string(step);
  }
  return "[" + text + "]";
}

namespace detail {

Enumerator enumerator(std::size_t value, std::span<const std::string_view> names) {
  return {value < names.size() ? std::string(names[value]) : std::to_string(value), names};
}

void throw_other_type(std::size_t wanted, const Attribute& value) {
  throw ArgumentError(fmt::format("must be {}, got {}, {}", kinds[wanted], kinds[value.index()],
                                  shortened(attribute_text(value), 80)));
}

void throw_not_text_of(const std::string& text) {
  throw ArgumentError("cannot be read from " + in_quotes(text));
}

namespace {

std::int64_t within(std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high)
    throw ArgumentError(fmt::format("must be from {} to {}, got {}", low, high, value));
  return value;
}

template <class T>
const T& as(const Attribute& value) {
  if (const T* const same = std::get_if<T>(&value)) return *same;
  throw_other_type(Attribute(std::in_place_type<T>).index(), value);
}

}  // namespace

std::int64_t integer_in(const Attribute& value, std::int64_t low, std::int64_t high) {
  return within(as<std::int64_t>(value), low, high);
}

std::vector<std::int64_t> integers_in(const Attribute& value, std::int64_t low, std::int64_t high) {
  const auto& integers = as<std::vector<std::int64_t>>(value);
  for (const std::int64_t integer : integers) within(integer, low, high);
  return integers;
}

double real_in(const Attribute& value) {
  const auto* const integer = std::get_if<std::int64_t>(&value);
  return integer ? static_cast<double>(*integer) : as<double>(value);
}

std::vector<double> reals_in(const Attribute& value) {
  const auto* const integers = std::get_if<std::vector<std::int64_t>>(&value);
  return integers ? std::vector<double>(integers->begin(), integers->end())
                  : as<std::vector<double>>(value);
}

std::size_t enumerator_in(const Attribute& value, std::span<const std::string_view> names) {
  const auto* const text = std::get_if<std::string>(&value);
  const std::string& name = text ? *text : as<Enumerator>(value).name;
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end())
    throw ArgumentError(
        fmt::format("must be one of {}, got {}", list_text(names), in_quotes(name)));
  return static_cast<std::size_t>(at - names.begin());
}

void visit_members(std::span<const AttributeMember> members, const void* op,
                   const AttributeVisitor& visit) {
  for (const AttributeMember& member : members)
    visit(member.name, member.read(member.in(const_cast<void*>(op))));
}

bool assign_member(std::span<const AttributeMember> members, void* op, std::string_view name,
                   const Attribute& value) {
  for (const AttributeMember& member : members) {
    if (member.name != name) continue;
    member.assign(member.in(op), value);
    return true;
  }
  return false;
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
std::size_t attribute_hash(const ProgramPtr& value) {
  if (!value) return 0;
  std::size_t h = value->inputs.size();
  const auto mix = [&](std::uint64_t word) { h = (h ^ word) * 0x9e3779b97f4a7c15u; };
  for (const Instruction& i : value->steps) {
    mix(static_cast<std::uint64_t>(i.primitive) << 8 | static_cast<std::uint64_t>(i.dtype));
    mix(std::uint64_t{i.a} << 32 | i.b);
    mix(std::uint64_t{i.c} << 32 | i.data);
  }
  for (const std::uint64_t bits : value->constants) mix(bits);
  return h;
}
std::size_t attribute_hash(const std::vector<std::int64_t>& value) {
  return hash_bytes(value.data(), value.size() * sizeof(std::int64_t));
}
std::size_t attribute_hash(const std::vector<Range>& value) {
  return attribute_hash(to_string(value));
}

}  // namespace detail

}  // namespace dagrad
