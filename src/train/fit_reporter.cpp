#include "src/train/fit_reporter.hpp"

#include <fmt/format.h>

#include <limits>

#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

/// ", loss 0.25, validation 0.3, accuracy 0.98, rate 0.01": the numbers of the last epoch.
std::string last_numbers(const History& history) {
  std::string text;
  for (const std::string& name : history.columns())
    if (name != "steps" && name != "seconds")
      text += fmt::format(", {} {:.4g}", printable_line(name), history[name].back());
  return text;
}

std::string counted(std::int64_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::int64_t all_steps(std::int64_t epochs, std::int64_t steps_of_epoch) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  return epochs > most / steps_of_epoch ? most : epochs * steps_of_epoch;
}

}  // namespace

FitReporter::FitReporter(const FitTask& task, std::int64_t steps_of_epoch)
    : options_(task.options),
      title_(task.title),
      steps_of_epoch_(steps_of_epoch),
      bar_(title_, all_steps(task.options.epochs, steps_of_epoch),
           {.style = task.options.log ? ProgressStyle::none : task.options.progress}) {}

std::int64_t FitReporter::steps_done(const FitPosition& position) const {
  return position.history.epochs() * steps_of_epoch_ + position.in_epoch;
}

void FitReporter::continues(const FitPosition& position) {
  const std::string text = fmt::format(
      "{}: continues from {}, after {}{}", title_, in_quotes(options_.checkpoint.native()),
      counted(position.history.epochs(), "epoch"),
      position.in_epoch == 0 ? "" : " and " + counted(position.in_epoch, "step"));
  if (options_.log) return options_.log(LogLevel::info, text);
  bar_.start_from(steps_done(position));
  bar_.line(text);
}

void FitReporter::step(const FitPosition& position) {
  if (!bar_.in_place() || !bar_.due()) return;
  std::string note = fmt::format("epoch {}/{}", position.history.epochs() + 1, options_.epochs);
  if (position.rows > 0)
    note += fmt::format(", loss {:.4g}", position.sums[0] / static_cast<double>(position.rows));
  if (!position.history.empty() && position.history.has("validation"))
    note += fmt::format(", validation {:.4g}", position.history["validation"].back());
  bar_.show(steps_done(position), note);
}

void FitReporter::epoch(const FitPosition& position) {
  if (!options_.log && !bar_.due() && position.history.epochs() < options_.epochs) return;
  const std::string text = fmt::format("epoch {}/{}{}", position.history.epochs(), options_.epochs,
                                       last_numbers(position.history));
  if (options_.log) return options_.log(LogLevel::info, fmt::format("{}: {}", title_, text));
  bar_.show(steps_done(position), text);
}

void FitReporter::warning(const std::string& text) {
  const std::string line = fmt::format("{}: {}", title_, text);
  if (options_.log) return options_.log(LogLevel::warning, line);
  bar_.line(line);
}

void FitReporter::end(LogLevel level, const std::string& text) {
  const std::string line = fmt::format("{}: {}", title_, text);
  if (options_.log) return options_.log(level, line);
  bar_.finish(line);
}

}  // namespace dagrad::detail
