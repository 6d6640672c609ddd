#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/apply.hpp"

namespace dagrad {

/// An axis of an einsum: a letter, or 256 plus the number of axes of "..." to its right.
using Label = int;
using Labels = std::vector<Label>;

/// The equation of an einsum, applied to the shapes of its operands.
struct EinsumEquation {
  std::vector<Labels> in;              ///< the axes of each operand; letters may repeat
  Labels out;                          ///< the axes of the result
  std::map<Label, std::int64_t> size;  ///< the size of every label, with "..." broadcast
};

/// Throws ArgumentError if the text is malformed, and ShapeError if the shapes do not fit it. The
/// error texts end with the place of the call, which is taken from an operand.
EinsumEquation parse_einsum(std::string_view text, std::span<const Shape> operands,
                            const Operand& placed);

}  // namespace dagrad
