#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// Where an input of a derived program comes from: an operand, result or cotangent of the program
/// that it is derived from.
struct Source {
  enum class Kind : std::uint8_t { in, out, dout };
  Kind kind;
  std::uint32_t index;
  friend bool operator==(const Source&, const Source&) = default;
};

/// A program's chain rule: for each wanted operand i the result Σₖ pull(doutₖ, ∂outₖ/∂inᵢ).
struct Pullback {
  ProgramPtr program;           ///< null where every result is structurally zero
  std::vector<Source> sources;  ///< of each input of `program`
  std::vector<int> result;      ///< per operand: its result in `program`; -1: zero or unwanted
};
/// Derives in tangent mode, one operand at a time. `dout_present[k]` is false where no
/// cotangent reaches result k. Operands that are no floats have structurally zero gradients.
/// Functions, roots and quotients that the forward program has computed as a result are taken from
/// there.
Pullback pull_back(const Program& program, std::span<const bool> wanted,
                   std::span<const bool> dout_present);

}  // namespace dagrad::detail
