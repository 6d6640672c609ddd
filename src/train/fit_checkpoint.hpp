#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "src/train/fit_task.hpp"

namespace dagrad::detail {

/// How far a training has come: all that it needs besides its State to continue.
struct FitPosition {
  History history;              ///< of the epochs that are complete
  std::int64_t in_epoch = 0;    ///< steps made in the epoch that has begun
  std::int64_t rows = 0;        ///< rows seen in them
  std::vector<double> sums;     ///< over these rows, of the loss and of the metrics
  double rate = 0;              ///< of the last step
  double seconds = 0;           ///< of training so far
  std::optional<State> best;    ///< after the best epoch, if there are validation data
  std::int64_t best_epoch = 0;  ///< its number, from 1; 0 if there is none
};

/// What must be the same when a training continues: names and numbers.
using FitSetup = std::map<std::string, std::int64_t>;
FitSetup setup_of(const FitTask& task);

/// Writes an .npz file. The State's arrays have the names of its parameters, so that `load` reads
/// them with `ignore_extra`; the names of all others begin with "fit:", as no parameter's does.
void write_checkpoint(const std::filesystem::path& file, const State& state,
                      const FitPosition& position, const FitSetup& setup);

/// A checkpoint as it was read.
struct ReadCheckpoint {
  FitPosition position;
  std::map<std::string, Tensor> values;  ///< of the State
};
/// Throws FileError as `read_npz` does, and ArgumentError if the file is not a checkpoint or is
/// that of another training, listing the differences.
ReadCheckpoint read_checkpoint(const std::filesystem::path& file, const State& state,
                               const FitSetup& setup, const std::vector<std::string>& columns);

}  // namespace dagrad::detail
