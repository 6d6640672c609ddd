#include "dagrad/train/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace {

constexpr int cells = 24;

/// What cannot be shown, because the output is closed or full, is no reason to end a computation.
void write_progress(std::FILE* out, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

bool is_terminal(std::FILE* out) { return ::isatty(::fileno(out)) != 0; }

std::size_t terminal_width(std::FILE* out) {
  winsize size{};
  return ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// As many characters as fit, so that the line does not wrap.
std::string_view cut_to_width(std::string_view text, std::size_t width) {
  std::size_t bytes = 0;
  for (std::size_t columns = 0; columns < width && bytes < text.size(); ++columns)
    bytes += detail::character_at(text, bytes).bytes;
  return text.substr(0, bytes);
}

/// "9 s", "4:05 min" or "2:03 h".
std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e9) + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

double part(std::int64_t step, std::int64_t steps) {
  return static_cast<double>(step) / static_cast<double>(steps);
}
int percent(std::int64_t step, std::int64_t steps) {
  return static_cast<int>(100 * part(step, steps));
}

std::chrono::steady_clock::duration clock_time(std::chrono::duration<double> interval) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(interval);
}

}  // namespace

ProgressBar::ProgressBar(std::string title, std::int64_t steps, const ProgressOptions& options)
    : title_(std::move(title)),
      steps_(std::max<std::int64_t>(steps, 1)),
      options_(options),
      start_(Clock::now()),
      next_(start_) {
  if (options_.style == ProgressStyle::automatic)
    options_.style = is_terminal(options_.out) ? ProgressStyle::bar : ProgressStyle::lines;
}

ProgressBar::~ProgressBar() {
  if (open_) write_progress(options_.out, "\n");
}

void ProgressBar::start_from(std::int64_t steps) {
  first_ = step_ = std::clamp<std::int64_t>(steps, 0, steps_);
  start_ = Clock::now();
}

bool ProgressBar::due() const {
  return options_.style != ProgressStyle::none && Clock::now() >= next_;
}

/// ", 9 s left", or nothing as long as nobody can tell.
std::string ProgressBar::left() const {
  const double passed = std::chrono::duration<double>(Clock::now() - start_).count();
  if (step_ <= first_ || step_ >= steps_ || passed < 0.5) return "";
  const double each = passed / static_cast<double>(step_ - first_);
  return ", " + duration_text(each * static_cast<double>(steps_ - step_)) + " left";
}

void ProgressBar::show(std::int64_t step, std::string_view note) {
  const bool last = step >= steps_;
  if (options_.style == ProgressStyle::none || (!last && !due())) return;
  const bool bar = options_.style == ProgressStyle::bar;
  next_ = Clock::now() + clock_time(bar ? options_.bar_interval : options_.line_interval);
  step_ = std::clamp<std::int64_t>(step, 0, steps_);
  note_ = note;
  if (bar) return draw();
  write_progress(options_.out,
                 fmt::format("{} {:3}%  {}{}\n", title_, percent(step_, steps_), note_, left()));
}

void ProgressBar::draw() {
  const auto filled = static_cast<int>(part(step_, steps_) * cells);
  std::string text = title_ + " ";
  for (int i = 0; i < cells; ++i) text += i < filled ? "█" : "░";
  text += fmt::format(" {:3}%  {}", percent(step_, steps_), note_);
  open_ = step_ < steps_;
  text += left();
  write_progress(options_.out,
                 fmt::format("\r{}\033[K{}", cut_to_width(text, terminal_width(options_.out) - 1),
                             open_ ? "" : "\n"));
}

void ProgressBar::finish(std::string_view text) {
  if (options_.style == ProgressStyle::none) return;
  write_progress(options_.out, fmt::format("{}{}\n", open_ ? "\n" : "", text));
  open_ = false;
}

void ProgressBar::line(std::string_view text) {
  if (options_.style == ProgressStyle::none) return;
  write_progress(options_.out, fmt::format("{}{}\n", open_ ? "\r\033[K" : "", text));
  if (open_) draw();
}

}  // namespace dagrad
