#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/apply.hpp"

namespace dagrad {

/// An axis of an einsum: a letter, or 256 and how many axes of "..." stand right of it.
using Label = int;
using Labels = std::vector<Label>;

/// What an einsum's equation says of operands of some shapes.
struct EinsumEquation {
  std::vector<Labels> in;              ///< of the axes of each operand; letters may repeat
  Labels out;                          ///< of those of the result
  std::map<Label, std::int64_t> size;  ///< of every label, "..." broadcast
};

/// Throws ArgumentError where the text is at fault, ShapeError where the shapes do not fit it;
/// their texts end with the place of the call, which an operand tells.
EinsumEquation parse_einsum(std::string_view text, std::span<const Shape> operands,
                            const Operand& placed);

}  // namespace dagrad
