#pragma once

#include <functional>

#include "tests/bench/bench.hpp"

namespace dagrad::bench {

/// What as many threads as the settings say can at best reach: each runs a copy of a step of one
/// thread, which shares nothing with the others. The time of a step beside the others, divided by
/// the number of threads. `copy` makes one of them.
Times copies_at_once(const Settings& settings, const std::function<std::function<void()>()>& copy);

}  // namespace dagrad::bench
