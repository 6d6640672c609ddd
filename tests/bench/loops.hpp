#pragma once

#include <cstdio>

namespace dagrad::bench {

/// Compares functors of users with the same loops written by hand, on one thread. Prints one line
/// of JSON for each functor, dtype and length, in nanoseconds per element.
void loops(std::FILE* out);

/// Measures loops over float32, float16 and bfloat16 in the same way.
void narrow_loops(std::FILE* out);

}  // namespace dagrad::bench
