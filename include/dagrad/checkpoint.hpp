#pragma once

#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "dagrad/npz.hpp"
#include "dagrad/state.hpp"

namespace dagrad {

/// Writes the values of a State to an .npz file, with one array for each parameter. They are the
/// values of a single moment, even if other threads go on training. Throws as `write_npz` does.
void save(const std::filesystem::path& file, const State& state);
/// The same for some of the parameters, such as a model's weights without what the optimizer
/// remembers. Throws ArgumentError for one that the State does not have.
void save(const std::filesystem::path& file, const State& state, std::span<const Value> parameters);
void save(const std::filesystem::path& file, const State& state,
          std::initializer_list<Value> parameters);

struct LoadOptions {
  /// Whether parameters that are missing from the file keep their values, and arrays that belong to
  /// no parameter are ignored. Otherwise either is an error.
  bool partial = false;
  /// Whether arrays that belong to no parameter are ignored, although every parameter must be in
  /// the file: for a model that only predicts, loaded from the file of its training.
  bool ignore_extra = false;
  /// Whether a float32 parameter, say, accepts an array of float16, as with `NpyOptions::widen`.
  bool widen = false;
};
/// What `load` has skipped, where the options allow that.
struct Loaded {
  std::vector<std::string> missing;     ///< parameters without an array in the file
  std::vector<std::string> unexpected;  ///< arrays that belong to no parameter
};
/// Sets the State's parameters to the arrays of a file; if it throws, the State is unchanged.
/// Throws FileError as `read_npz` does; ArgumentError if the file does not fit the State, listing
/// every difference; RunError while a run is updating the State.
Loaded load(const std::filesystem::path& file, State& state, const LoadOptions& options = {});

}  // namespace dagrad
