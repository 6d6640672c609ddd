#pragma once

#include <cstdio>

namespace dagrad::bench {

/// Users' functors against the same loops written by hand, in nanoseconds an element: one line of
/// JSON for each functor, dtype and length. One thread.
void loops(std::FILE* out);

}  // namespace dagrad::bench
