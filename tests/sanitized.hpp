#pragma once

#include "dagrad/check.hpp"

namespace dagrad {

/// Whether a sanitizer may watch this program. Sanitizers make everything many times slower and
/// find what they can find in fewer runs: they see an error on any path that the code takes,
/// whatever the numbers are. The long programs, which tests/CMakeLists.txt calls LIGHTER, define
/// it.
#ifdef DAGRAD_SANITIZED
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// The length of chains of nodes on which recursion would overflow the stack.
inline constexpr int deep = sanitized ? 200'000 : 1'000'000;

/// The usual options; under a sanitizer, those with the fewest finite differences.
inline CheckOptions lighter(CheckOptions usual = {}) {
  if (sanitized) usual.elements = usual.directions = 1;
  return usual;
}

}  // namespace dagrad
