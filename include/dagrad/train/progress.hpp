#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "dagrad/config.hpp"

namespace dagrad {

/// How progress is shown. `automatic` is a bar on a terminal and lines elsewhere.
enum class ProgressStyle { automatic, bar, lines, none };

struct ProgressOptions {
  ProgressStyle style = ProgressStyle::automatic;
  std::FILE* out = stderr;
  /// The least time between two changes of the bar, and between two lines. The last is always
  /// shown.
  std::chrono::duration<double> bar_interval{0.1};
  std::chrono::duration<double> line_interval{1};
};

/// Shows how far a long computation has come:
///
///     ProgressBar progress("training", steps);
///     for (std::int64_t i = 0; i < steps; ++i) {
///       …
///       progress.show(i + 1, "loss 0.25");
///     }
///
/// On a terminal it is a bar that is drawn in place, cut to the width of the terminal, with the
/// time left; elsewhere it is a line of text now and then. Only one thread at a time may use it.
class ProgressBar {
 public:
  /// A bar for that many steps; at least 1.
  ProgressBar(std::string title, std::int64_t steps, const ProgressOptions& options = {});
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  /// Ends the line of a bar that has not reached its last step.
  ~ProgressBar();

  /// Whether `show` would change something now. Making the note can be skipped if not.
  bool due() const;
  /// Shows that `step` steps are done, with a note behind, unless it is too early. The last step is
  /// always shown.
  void show(std::int64_t step, std::string_view note);
  /// Writes a line of its own; a bar is drawn again below it.
  void line(std::string_view text);
  /// Ends the bar where it is, and writes a last line.
  void finish(std::string_view text);
  /// Whether it is drawn in place, so that it may be shown often.
  bool in_place() const { return options_.style == ProgressStyle::bar; }
  /// Counts the time left from here: the first `steps` were done before.
  void start_from(std::int64_t steps);

 private:
  using Clock = std::chrono::steady_clock;
  void draw();
  std::string left() const;

  std::string title_, note_;
  std::int64_t steps_, step_ = 0, first_ = 0;
  ProgressOptions options_;
  bool open_ = false;  ///< whether the bar's line has not ended
  Clock::time_point start_, next_;
};

}  // namespace dagrad
