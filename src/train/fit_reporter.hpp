#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/train/fit_checkpoint.hpp"
#include "src/train/fit_task.hpp"

namespace dagrad::detail {

/// Tells the user how a training goes: to the log of the options if there is one, otherwise as a
/// bar or as lines.
class FitReporter {
 public:
  FitReporter(const FitTask& task, std::int64_t steps_of_epoch);

  /// The training continues from a position.
  void continues(const FitPosition& position);
  /// After a step, of whose epoch the position holds the sums.
  void step(const FitPosition& position);
  void epoch(const FitPosition& position);
  /// Something that the user should know.
  void warning(const std::string& text);
  void end(LogLevel level, const std::string& text);

 private:
  std::int64_t steps_done(const FitPosition& position) const;

  const FitOptions& options_;
  std::string title_;
  std::int64_t steps_of_epoch_;
  ProgressBar bar_;
};

}  // namespace dagrad::detail
