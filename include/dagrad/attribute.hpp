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

/// A value of an enum, by name.
struct Enumerator {
  std::string name;
  /// The names of all values of the enum; none where a reader does not know them.
  std::span<const std::string_view> allowed = {};
};

/// The value of an attribute, as text, files and bindings see it: whatever integer, float or enum
/// the member of the op is, here it is one of these. A type of a user's own is a string.
using Attribute = std::variant<bool, std::int64_t, double, std::string, Enumerator, DType, Shape,
                               Type, Tensor, ProgramPtr, std::vector<std::int64_t>,
                               std::vector<double>, std::vector<std::string>, std::vector<Range>>;

using AttributeVisitor = std::function<void(std::string_view name, const Attribute& value)>;

/// One line of text. Numbers read back as they are, and strings are quoted and escaped. A tensor is
/// its type and elements, or where there are many of them a hash of their bits, so that different
/// tensors have different texts: "float64[2]{1,2}", "float32[100]#8c2fe1b07a55d340"; a scalar is
/// its element alone.
std::string attribute_text(const Attribute& value);

}  // namespace dagrad
