#pragma once

#include <cstddef>

namespace dagrad::test {

/// Calls of operator new in this program so far.
std::size_t allocations();

}  // namespace dagrad::test
