#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "dagrad/compile.hpp"

/// Updates other than those of optimisers. They advance in every run that lists them in
/// `CompileOptions::update`, and a State keeps them, so that a resumed training continues as if it
/// had never stopped.
namespace dagrad {

/// Concatenates lists of updates: `.update = join({adam(…), {key.update}})`. An update may be
/// listed more than once, as happens if two optimisers share a `step_counter`.
std::vector<Update> join(std::initializer_list<std::vector<Update>> lists);

/// A parameter together with the update that advances it.
struct Advancing {
  Value now;  ///< the value in the current run
  Update update;
};

/// A parameter that counts runs: an int64 scalar that starts at 0 and grows by 1 in every run that
/// includes its update. Learning rates may depend on it: `sgd(weights, gradients, 0.1 * pow(0.99,
/// cast(step.now, f32)))`. Throws as `Graph::parameter` does.
Advancing step_counter(Graph& graph, std::string_view name = "step",
                       Location where = Location::here());

/// A random key: a parameter that starts at `seed`. A run advances it with `next_key` if its
/// updates include that of the key. For several uses within a run, derive keys with
/// `fold_in(key.now, i)`, i >= 0, or `split_key`. Throws as `Graph::parameter` does.
Advancing random_key(Graph& graph, std::int64_t seed, std::string_view name = "key",
                     Location where = Location::here());

}  // namespace dagrad
