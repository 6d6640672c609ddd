#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "dagrad/compile.hpp"

/// Updates beside those of optimisers: what moves on with every run that lists it in
/// `CompileOptions::update`, and is kept by a State, so that a training that is taken up again goes
/// on as if it had never stopped.
namespace dagrad {

/// All updates of several lists, in order: `.update = join({adam(…), {key.update}})`. The same
/// update may be listed more than once, as when two optimisers share a `step_counter`.
std::vector<Update> join(std::initializer_list<std::vector<Update>> lists);

/// A parameter that moves on by itself.
struct Advancing {
  Value now;  ///< its value in this run
  Update update;
};

/// A parameter that counts runs: an int64 scalar that starts at 0. Rates may be expressions of it:
/// `sgd(weights, gradients, 0.1 * pow(0.99, cast(step.now, f32)))`. Throws as `Graph::parameter`.
Advancing step_counter(Graph& graph, std::string_view name = "step",
                       Location where = Location::here());

/// A key that is another one in every run, by `next_key`: a parameter that starts at `seed`. Keys
/// for several uses within a run come from `fold_in(key.now, i)` with i >= 0, or `split_key`.
/// Throws as `Graph::parameter`.
Advancing random_key(Graph& graph, std::int64_t seed, std::string_view name = "key",
                     Location where = Location::here());

}  // namespace dagrad
