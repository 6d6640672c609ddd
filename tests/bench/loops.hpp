#pragma once

#include <cstdio>

namespace dagrad::bench {

struct Settings;

/// Compares functors of users with the same loops written by hand, on one thread. Prints one line
/// of JSON for each functor, dtype and length, in nanoseconds per element.
void loops(std::FILE* out);

/// Compares a formula made of a user's ops, as compiled with the default passes, with the loop
/// written by hand and with the same formula made of the library's ops.
void user_group(const Settings& settings);

/// Measures loops over float32, float16 and bfloat16 in the same way.
void narrow_loops(std::FILE* out);

}  // namespace dagrad::bench
