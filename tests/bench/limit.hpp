#pragma once

#include <vector>

#include "dagrad/graph.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

/// The time below which a step that computes these results cannot get on this machine: the sum of
/// its matrix products, each by the fastest of our tiles, OpenBLAS and oneDNN, and of reading and
/// writing each parameter once. All are float32.
Times limit(const Settings& settings, const Graph& graph, const std::vector<Value>& results,
            const std::vector<Value>& parameters);

}  // namespace dagrad::bench
