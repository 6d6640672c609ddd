#pragma once

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

/// What the examples show on a terminal.
namespace show {

/// A bar that fills in place; one line per tenth if the output is not a terminal.
class Progress {
 public:
  Progress(std::string_view title, int steps)
      : title_(title), steps_(steps), terminal_(isatty(STDOUT_FILENO) != 0) {}

  /// Shows that `step` of the steps are done, with `note` after the bar.
  void operator()(int step, std::string_view note) {
    const int tenth = step * 10 / steps_;
    if (!terminal_ && tenth == shown_) return;
    if (terminal_ && step * 200 / steps_ == shown_ && step != steps_) return;
    shown_ = terminal_ ? step * 200 / steps_ : tenth;
    constexpr int width = 32;
    const int filled = step * width / steps_;
    std::string bar;
    for (int i = 0; i < width; ++i) bar += i < filled ? "█" : "░";
    fmt::print("{}{} {} {:3}%  {}{}", terminal_ ? "\r" : "", title_, bar, step * 100 / steps_, note,
               terminal_ ? "\033[K" : "\n");
    if (terminal_ && step == steps_) fmt::print("\n");
    std::fflush(stdout);
  }

 private:
  std::string title_;
  int steps_;
  bool terminal_;
  int shown_ = -1;
};

}  // namespace show
