#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/train/batch_function.hpp"
#include "src/train/batches.hpp"
#include "src/train/fit_checkpoint.hpp"
#include "src/train/fit_reporter.hpp"
#include "src/train/fit_task.hpp"
#include "src/train/interrupts.hpp"

namespace dagrad::detail {

/// A training at work. `run` is the loop that a user would write by hand.
class Fitting {
 public:
  /// Compiles what the training needs.
  explicit Fitting(const FitTask& task);
  Fitted run();

 private:
  using Clock = std::chrono::steady_clock;
  /// Why to end before the epoch is complete, if there is a reason.
  using Ending = std::optional<Stopped>;

  void begin();
  Ending train_epoch();
  Ending validate();
  Ending finish_epoch();
  Ending told_to_end() const;
  Ending ended_by_history() const;
  Fitted finish(Stopped why);

  std::vector<std::int64_t> order_of_epoch() const;
  void step_on(const Batch& batch);
  bool callback_ends(const Batch& batch, double loss);
  std::int64_t best_now() const;  ///< number of the best epoch, by the history
  void keep_best();
  void reduce_rate();
  void save();
  std::int64_t epoch() const { return position_.history.epochs() + 1; }
  double seconds() const;

  const FitTask& task_;
  const FitOptions& options_;
  FitSetup setup_;
  std::int64_t steps_;                                           ///< in an epoch
  std::map<std::int64_t, BatchFunction> training_, validation_;  ///< by number of rows
  BatchReader batches_;
  std::optional<BatchReader> validation_batches_;
  std::vector<std::int64_t> order_;  ///< of the rows in this epoch
  FitPosition position_;
  std::vector<double> validated_;  ///< loss and metrics of the last validation
  FitReporter reporter_;
  Interrupts interrupts_;
  const Clock::time_point start_ = Clock::now();
  double seconds_before_ = 0;  ///< in earlier calls
  std::string unsaved_;        ///< why, if the last attempt to save failed
};

}  // namespace dagrad::detail
