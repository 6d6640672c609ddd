#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/program.hpp"
#include "src/loops/registers.hpp"

namespace dagrad::detail {

/// The vectors whose values are added together.
inline constexpr int joined_vectors = 4;

/// What the body of a loop computes besides the steps of its program.
struct Interleaving {
  int vectors = 1;
  /// By output: whether the values of four vectors, which follow each other, are added together:
  /// (a + b) + (c + d). The sum is stored instead. Empty if no output is.
  std::vector<bool> summed;
};

/// Allocates registers for several vectors whose steps alternate: each vector is some steps behind
/// the one before it. So a processor, which looks at a few hundred instructions at a time, always
/// finds some that need not wait for each other. The vectors follow each other as closely as the
/// registers allow. Calls would push all values to the stack: with calls, a vector begins once the
/// one before it has been computed.
///
/// Actions name the steps and outputs of `program`, and their vector. Invariants are where
/// `preheader` loads them, if it is given.
Allocation allocate_interleaved(const Program& program, std::span<const std::int64_t> in_step,
                                const RegisterFile& registers, const Interleaving& of,
                                const std::vector<Action>* preheader = nullptr);

}  // namespace dagrad::detail
