#pragma once

#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "dagrad/npz.hpp"
#include "dagrad/state.hpp"

namespace dagrad {

/// A State's values of one moment as an .npz file, an array a parameter: see `write_npz`. Other
/// threads may go on training.
void save(const std::filesystem::path& file, const State& state);
/// The same for some of the parameters, such as a model's weights without what the optimizer
/// remembers. Throws ArgumentError for one that the State does not have.
void save(const std::filesystem::path& file, const State& state, std::span<const Value> parameters);
void save(const std::filesystem::path& file, const State& state,
          std::initializer_list<Value> parameters);

struct LoadOptions {
  /// Whether parameters may keep their values because the file lacks them, and arrays that belong
  /// to no parameter be passed over.
  bool partial = false;
  /// Whether arrays that belong to no parameter are passed over, while every parameter must be
  /// there: for a model that only predicts, from a file of its training.
  bool ignore_extra = false;
  /// As in NpyOptions: whether, say, an array of float16 is read into a float32 parameter.
  bool widen = false;
};
/// What `load` left out where the options allow it.
struct Loaded {
  std::vector<std::string> missing;     ///< parameters that the file lacks
  std::vector<std::string> unexpected;  ///< arrays of no parameter
};
/// Sets the State's parameters to what a file holds: all that it is to set, or nothing. Throws
/// FileError as `read_npz`; ArgumentError where the file does not fit the State, listing every
/// difference; RunError while a run updates the State.
Loaded load(const std::filesystem::path& file, State& state, const LoadOptions& options = {});

}  // namespace dagrad
