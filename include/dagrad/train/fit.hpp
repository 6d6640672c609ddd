#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/train/dataset.hpp"
#include "dagrad/train/history.hpp"
#include "dagrad/train/progress.hpp"

/// Training in epochs and batches, with validation, early stopping and checkpoints. It is built on
/// `compile` and `State` alone, so a loop written by hand can do all of it as well.
namespace dagrad {

/// Which input of the graph takes which column of the data. An input of type [batch, …] takes a
/// column of the same dtype and of shape [rows, …].
struct Binding {
  Value input;
  std::string column;
};

/// A number that is measured beside the loss, such as an accuracy: a float32 or float64 scalar, the
/// mean over the rows of a batch.
struct Metric {
  std::string name;
  Value value;
};

/// What `fit` trains: values of a graph that the user has built for batches of some size. The size
/// is the leading dimension of the inputs.
struct Model {
  Value loss;                   ///< a float32 or float64 scalar, the mean over the rows of a batch
  std::vector<Update> update;   ///< of an optimiser, random keys, running statistics
  std::vector<Binding> inputs;  ///< for every input that the loss, the updates or a metric needs
  /// Measured on the validation data after each epoch; without such data, during the training.
  std::vector<Metric> metrics = {};
  /// The loss on the validation data, if it is another value, such as the loss without dropout.
  Value validation = {};
  /// The learning rate, to be shown and recorded: a float32 or float64 scalar that needs no input.
  Value rate = {};
};

/// Multiplies a learning rate by `factor` whenever the monitored column of the history has not
/// improved for `patience` epochs in a row.
struct ReduceOnPlateau {
  Value rate;                    ///< a float32 or float64 scalar parameter, used by the updates
  double factor = 0.1;           ///< in (0, 1)
  std::int64_t patience = 10;    ///< at least 1
  double least_improvement = 0;  ///< at least 0: smaller ones do not count
  double least_rate = 0;         ///< at least 0: the rate does not become smaller
};

/// What is told to `FitOptions::on_step`. It is valid during the call.
struct StepEvent {
  std::int64_t epoch;  ///< counted from 1
  std::int64_t step;   ///< of all epochs, counted from 1
  double loss;         ///< the mean over the rows of this batch, from before the step
  const Feeds& feeds;  ///< the batch
  State& state;        ///< as it is after the step
  bool stop = false;   ///< set it to end the training after this step
};

/// What is told to `FitOptions::on_epoch`. It is valid during the call.
struct EpochEvent {
  const History& history;  ///< whose last row is that of this epoch
  State& state;            ///< as it is after the epoch
  bool stop = false;       ///< set it to end the training after this epoch
};

struct FitOptions {
  /// The most epochs, those before an interruption included; at least 0.
  std::int64_t epochs = 10;
  /// The most time for this call; 0: no limit. When it is over, the training ends after the step.
  std::chrono::duration<double> time_limit{0};
  /// The key from which the order of the rows in each epoch, and the rows that are held out, are
  /// drawn.
  std::int64_t key = 0;
  /// Whether each epoch takes the rows in another order.
  bool shuffle = true;
  /// Whether to leave out the last batch of an epoch if it is smaller than the others.
  bool drop_last = false;

  // ---- validation

  /// The fraction of the rows that is held out for validation, in [0, 1).
  double hold_out = 0;
  /// A column of class numbers. If it is given, each class gives the same fraction of its rows.
  std::string stratify = {};
  /// Data for validation, instead of rows held out.
  std::optional<Dataset> validation = {};

  // ---- what depends on the history

  /// The column of the history that decides which epoch is the best and when to stop: "validation"
  /// or a metric. Empty: "validation", or "loss" if there are no validation data.
  std::string monitor = {};
  /// Whether larger numbers in the monitored column are better, as those of an accuracy.
  bool maximize = false;
  /// Ends the training when the monitored column has not improved for this many epochs in a row; 0:
  /// never. It needs validation data.
  std::int64_t patience = 0;
  double least_improvement = 0;  ///< at least 0: smaller ones do not count for `patience`
  std::optional<ReduceOnPlateau> reduce_on_plateau = {};

  // ---- interruptions

  /// An .npz file that is replaced after each epoch and when the training ends. If it exists, the
  /// training continues from it. Empty: none.
  std::filesystem::path checkpoint = {};
  /// Whether to continue from the checkpoint; otherwise the training starts anew and replaces it.
  bool resume = true;
  /// Whether the first Ctrl-C (SIGINT) ends the training after the step, and the second one the
  /// process. It has no effect if the program handles or ignores the signal itself.
  bool stop_on_interrupt = true;
  /// Ends the training in the same way when it is cancelled.
  std::optional<CancelToken> cancel = {};

  // ---- reports

  std::function<void(StepEvent&)> on_step = {};    ///< called after each step
  std::function<void(EpochEvent&)> on_epoch = {};  ///< called after each epoch and its validation
  /// Whether a bar, lines or nothing is written to standard error.
  ProgressStyle progress = ProgressStyle::automatic;
  /// Takes a line for each epoch, instead of standard error.
  std::function<void(LogLevel, std::string_view)> log = {};

  // ---- as for `compile`

  int threads = 0;
  Runtime* runtime = nullptr;
  bool check_finite = false;
  /// Whether NaN and infinities in the columns that the model takes are an error.
  bool check_data = true;
};

/// Why a training has ended.
enum class Stopped {
  epochs,       ///< it has made all its epochs
  patience,     ///< the monitored column has not improved for `patience` epochs
  callback,     ///< a callback has set `stop`
  time,         ///< the time is over
  interrupted,  ///< by Ctrl-C or the CancelToken
  not_finite    ///< the loss became infinite or NaN; the checkpoint is that of the epoch before
};

/// What `fit` returns. The State that it was given holds the values after the last step.
struct Fitted {
  History history;
  /// The State after the best epoch; without validation data, a copy of the last one.
  State best;
  std::int64_t best_epoch = 0;  ///< counted from 1; 0 if there was no epoch
  Stopped stopped = Stopped::epochs;
  /// Why the checkpoint is not that of the end; empty if it is, or if there is none.
  std::string unsaved = {};
};
/// "stopped after 23 epochs, because patience ran out; best is epoch 15: loss 0.02, validation
/// 0.05"
std::string to_string(const Fitted& fitted);
std::ostream& operator<<(std::ostream& out, const Fitted& fitted);

/// Trains a model. The State takes part in it as in a loop written by hand: it needs the parameters
/// of the updates, and holds the new values afterwards.
///
/// Each epoch takes all rows once, in an order drawn from the key and the number of the epoch. The
/// last batch may be smaller; a function for its size is compiled from a replay of the graph, and
/// so is that for the rest of the validation data. Results are the same bits for any number of
/// threads, and whether or not the training was interrupted.
///
/// Throws before the first step ArgumentError, ShapeError or TypeError for a model, data or options
/// that do not fit together, or a checkpoint of another training; GraphError as `compile` does;
/// FileError if the checkpoint cannot be read or written. Throws RunError if a step fails, which
/// leaves the State as it was before that step, and what a callback throws. If the checkpoint
/// cannot be written later, nothing is thrown, so that the result is not lost: the training warns,
/// goes on and tries again after the next epoch, and `Fitted::unsaved` says if the last attempt
/// failed.
Fitted fit(const Model& model, State& state, const Dataset& data, const FitOptions& options = {},
           Location where = Location::here());

struct CrossValidationOptions {
  std::int64_t folds = 5;  ///< at least 2
  /// A column of class numbers. If it is given, each class is spread evenly over the folds.
  std::string stratify = {};
};
/// Trains the model once for each fold, on the rows of the other folds, and validates it on that
/// fold. The folds are drawn from the key of the options. Each training starts from a copy of the
/// State, which does not change, and its checkpoint has the number of the fold in its name, as
/// "run.fold2.npz" for "run.npz". An interruption ends with the fold that it meets. Throws as `fit`
/// does, and ArgumentError if there are fewer rows than folds or the options hold out other
/// validation data.
std::vector<Fitted> cross_validate(const Model& model, const State& state, const Dataset& data,
                                   const CrossValidationOptions& folds,
                                   const FitOptions& options = {},
                                   Location where = Location::here());

}  // namespace dagrad
