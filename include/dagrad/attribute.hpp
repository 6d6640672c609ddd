#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dagrad/program.hpp"
#include "dagrad/range.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

/// An enumerator, by name.
struct Enumerator {
  std::string name;
  /// The names of all enumerators of the enum; empty if they are unknown, as in text that is read.
  std::span<const std::string_view> allowed = {};
};

/// The value of an attribute as text, files and bindings see it. Members of any integer, float or
/// enum type are represented by one of these alternatives; types defined by users are strings.
using Attribute = std::variant<bool, std::int64_t, double, std::string, Enumerator, DType, Shape,
                               Type, Tensor, ProgramPtr, std::vector<std::int64_t>,
                               std::vector<double>, std::vector<std::string>, std::vector<Range>>;

using AttributeVisitor = std::function<void(std::string_view name, const Attribute& value)>;

/// The attribute as one line of text. Numbers can be read back exactly, and strings are quoted and
/// escaped. A tensor is written as its type and elements, or, if it has many, as a hash of their
/// bits, so that different tensors have different texts: "float64[2]{1,2}",
/// "float32[100]#8c2fe1b07a55d340". A scalar is written as its element only.
std::string attribute_text(const Attribute& value);

}  // namespace dagrad
