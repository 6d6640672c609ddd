#include "dagrad/instruction_set.hpp"

#include <cstdlib>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace dagrad {

#if defined(__x86_64__)
namespace {

/// Whether there are instructions for float16, which clang's __builtin_cpu_supports does not know.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

}  // namespace
#endif

std::string_view name(InstructionSet set) {
  constexpr std::string_view names[] = {"plain", "avx2", "avx512"};
  return names[static_cast<std::size_t>(set)];
}

bool available(InstructionSet set) {
  if (set == InstructionSet::plain) return true;
#if defined(__x86_64__)
  if (set == InstructionSet::avx2)
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 && has_f16c();
  return available(InstructionSet::avx2) && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0;
#else
  return false;
#endif
}

InstructionSet best_instruction_set() {
  static const InstructionSet best = [] {
    constexpr InstructionSet sets[] = {InstructionSet::avx512, InstructionSet::avx2,
                                       InstructionSet::plain};
    const char* asked = std::getenv("DAGRAD_INSTRUCTION_SET");
    for (InstructionSet set : sets)
      if (asked != nullptr && asked == name(set) && available(set)) return set;
    for (InstructionSet set : sets)
      if (available(set)) return set;
    return InstructionSet::plain;
  }();
  return best;
}

}  // namespace dagrad
