#pragma once

#include <cstdint>

#include "dagrad/machine.hpp"

namespace dagrad {

#if defined(__x86_64__)
/// Whether loops can run with vectors of 32 bytes.
inline bool has_wide_vectors(const Machine& machine) {
  return machine.instruction_set() >= InstructionSet::avx2;
}
/// Runs a loop with such vectors. Its bits are the same without them: lanes are those of the
/// source, and no multiplication is fused with an addition. `body`, a lambda without parameters,
/// and all that it calls must be `always_inline`, or else they are compiled for any processor.
template <class Body>
[[gnu::noinline, gnu::target("avx2")]] void run_with_wide_vectors(const Body& body) {
  body();
}
#else
constexpr bool has_wide_vectors(const Machine&) { return false; }
template <class Body>
void run_with_wide_vectors(const Body& body) {
  body();
}
#endif

/// Runs a loop with the widest vectors that pay off on the machine. The code must be small, for it
/// is compiled twice.
template <class Body>
[[gnu::always_inline]] inline void run_vectorized(const Machine& machine, const Body& body) {
  if (has_wide_vectors(machine)) return run_with_wide_vectors(body);
  body();
}

/// Asks for the lines of the cache in which n elements lie.
template <class T>
[[gnu::always_inline]] inline void prefetch(const T* x, std::int64_t n) {
  for (std::int64_t i = 0; i < n; i += 64 / sizeof(T)) __builtin_prefetch(x + i);
}

}  // namespace dagrad
