#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/train/batches.hpp"
#include "src/train/fit_task.hpp"

namespace dagrad::detail {

enum class Purpose { training, validation };

/// A function of a task's model for batches of one size, bound to the task's State: a training
/// step, or the loss and metrics of validation data.
class BatchFunction {
 public:
  /// Throws what compiling throws. If the graph was built for another size, it is replayed; if that
  /// fails, the error says what to do.
  BatchFunction(const FitTask& task, Purpose purpose, std::int64_t rows);

  /// Runs on a batch of that size, whose columns are in the order of the model's inputs.
  void operator()(const Batch& batch);
  /// Of the last run: the loss, then the metrics if the function measures them.
  const std::vector<double>& measured() const { return measured_; }
  /// The learning rate of the last run; NaN if the model names none.
  double rate() const { return rate_; }

 private:
  struct Input {
    std::string name;
    std::size_t column;  ///< its position among the model's inputs
    Type type;           ///< for this number of rows
    const void* fed;     ///< the memory that it reads
  };
  BatchFunction(const FitTask& task, std::int64_t rows, const Function& function);

  BoundRun run_;
  std::vector<Input> inputs_;  ///< those that the function needs
  std::vector<double> measured_;
  bool has_rate_;
  double rate_;
};

/// The type of an input for batches of another size.
Type with_rows(const Type& type, std::int64_t rows);

}  // namespace dagrad::detail
