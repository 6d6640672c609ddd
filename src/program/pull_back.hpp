#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// The source of an input of a derived program: an operand, result or cotangent of the original
/// program.
struct Source {
  enum class Kind : std::uint8_t { in, out, dout };
  Kind kind;
  std::uint32_t index;
  friend bool operator==(const Source&, const Source&) = default;
};

/// The gradient rule of a program: for each wanted operand i, the result Σₖ pull(doutₖ,
/// ∂outₖ/∂inᵢ).
struct Pullback {
  ProgramPtr program;           ///< null if every result is structurally zero
  std::vector<Source> sources;  ///< of each input of `program`
  std::vector<int> result;      ///< for each operand, its result in `program`; -1: zero or unwanted
};
/// Derives the rule in tangent mode, one operand at a time. `dout_present[k]` is false if result k
/// has no cotangent. Operands that are not floats have structurally zero gradients. Functions,
/// roots and quotients that are results of the forward program are reused instead of computed
/// again. An operand that is needed for a test only is replaced by a result that passes the test
/// just as the operand does (shared_tests.hpp).
Pullback pull_back(const Program& program, std::span<const bool> wanted,
                   std::span<const bool> dout_present);

}  // namespace dagrad::detail
