#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/train/fit.hpp"

namespace dagrad::detail {

/// Rows of a dataset.
struct ChosenRows {
  const Dataset& data;
  std::vector<std::int64_t> rows;  ///< their positions

  std::int64_t size() const { return static_cast<std::int64_t>(rows.size()); }
};

/// One training, as `fit` is asked for it and `cross_validate` asks for each fold.
struct FitTask {
  const Model& model;
  State& state;
  ChosenRows training;
  std::optional<ChosenRows> validation;
  const FitOptions& options;
  std::string title = "training";  ///< for the progress bar

  /// The size of the batches for which the graph was built.
  std::int64_t batch() const { return model.inputs[0].input.shape()[0]; }
  /// Whether the metrics are measured in training steps.
  bool metrics_in_training() const { return !validation; }
};

/// Throws the errors that can be found before a graph is compiled.
void check_options(const FitOptions& options);
void check_model(const Model& model);
/// Throws unless the data have a column of the right type for each input, all finite if `finite`.
void check_data(const Model& model, const Dataset& data, std::string_view what, bool finite);
void check_task(const FitTask& task);

/// The names of the columns that the task's history has.
std::vector<std::string> history_columns(const FitTask& task);

/// Runs the task. Errors tell neither the function nor the line of the call, which the caller adds.
Fitted run_fit(const FitTask& task);

}  // namespace dagrad::detail
