#pragma once

#include <cstdio>

namespace dagrad::bench {

/// Users' functors against the same loops written by hand, in nanoseconds an element: one line of
/// JSON for each functor, dtype and length. One thread.
void loops(std::FILE* out);

/// The same for elements of float32, float16 and bfloat16: one line for each functor, dtype and
/// length. One thread.
void narrow_loops(std::FILE* out);

}  // namespace dagrad::bench
