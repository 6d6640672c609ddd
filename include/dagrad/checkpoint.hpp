#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dagrad/npz.hpp"
#include "dagrad/state.hpp"

namespace dagrad {

/// A State's values of one moment as an .npz file, an array a parameter: see `write_npz`. Other
/// threads may go on training.
void save(const std::filesystem::path& file, const State& state);

struct LoadOptions {
  /// Whether parameters may keep their values because the file lacks them, and arrays that belong
  /// to no parameter be passed over.
  bool partial = false;
  /// As in NpyOptions: whether, say, an array of float16 is read into a float32 parameter.
  bool widen = false;
};
/// What a partial load left out.
struct Loaded {
  std::vector<std::string> missing;     ///< parameters that the file lacks
  std::vector<std::string> unexpected;  ///< arrays of no parameter
};
/// Sets the State's parameters to what a file holds: all that it is to set, or nothing. Throws
/// FileError as `read_npz`; ArgumentError where the file does not fit the State, listing every
/// difference; RunError while a run updates the State.
Loaded load(const std::filesystem::path& file, State& state, const LoadOptions& options = {});

}  // namespace dagrad
