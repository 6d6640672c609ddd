#include "dagrad/train/fit.hpp"

#include <fmt/format.h>

#include <numeric>
#include <ostream>

#include "dagrad/random.hpp"
#include "src/tensor/utf8.hpp"
#include "src/train/fit_task.hpp"
#include "src/train/interrupts.hpp"
#include "src/train/named_call.hpp"
#include "src/train/row_splits.hpp"

namespace dagrad {

namespace {

// Which numbers of `fold_in(key, i)` are not those of epochs.
constexpr std::int64_t hold_out_stream = -2, folds_stream = -3;

detail::ChosenRows all_rows(const Dataset& data) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(data.rows()));
  std::iota(rows.begin(), rows.end(), 0);
  return {data, std::move(rows)};
}

/// What the user gave, checked as far as that is possible without the rows.
Model checked_model(const Model& model, const Dataset& data, const FitOptions& options) {
  detail::check_options(options);
  detail::check_model(model);
  detail::check_data(model, data, "data", options.check_data);
  if (options.validation)
    detail::check_data(model, *options.validation, "validation data", options.check_data);
  Model complete = model;
  if (complete.rate.empty() && options.reduce_on_plateau)
    complete.rate = options.reduce_on_plateau->rate;
  return complete;
}

std::filesystem::path checkpoint_of_fold(const std::filesystem::path& file, std::int64_t number) {
  if (file.empty()) return {};
  std::filesystem::path named = file;
  return named.replace_filename(
      fmt::format("{}.fold{}{}", file.stem().string(), number, file.extension().string()));
}

template <class F>
decltype(auto) named_fit(std::string_view function, Location where, F&& f) {
  return detail::with_callbacks(
      [&]() -> decltype(auto) { return detail::named_call(function, where, std::forward<F>(f)); });
}

std::string reason(const Fitted& fitted) {
  switch (fitted.stopped) {
    case Stopped::epochs:
      return "";
    case Stopped::patience:
      return ", because patience ran out";
    case Stopped::callback:
      return ", because a callback said so";
    case Stopped::time:
      return ", because the time was over";
    case Stopped::interrupted:
      return ", because it was interrupted";
    case Stopped::not_finite:
      break;
  }
  return ", because the loss became infinite or NaN: use a smaller learning rate, clip the "
         "gradients, or set check_finite to find the node";
}

}  // namespace

std::string to_string(const Fitted& fitted) {
  const History& history = fitted.history;
  std::string text = fmt::format("stopped after {} epoch{}{}", history.epochs(),
                                 history.epochs() == 1 ? "" : "s", reason(fitted));
  if (fitted.best_epoch < 1 || fitted.best_epoch > history.epochs()) return text;
  text += fmt::format("; {} epoch {}:", history.has("validation") ? "best is" : "last is",
                      fitted.best_epoch);
  const char* separator = " ";
  for (const std::string& name : history.columns()) {
    if (name == "steps" || name == "seconds") continue;
    text += fmt::format("{}{} {:.4g}", separator, detail::printable_line(name),
                        history[name][static_cast<std::size_t>(fitted.best_epoch - 1)]);
    separator = ", ";
  }
  return text;
}
std::ostream& operator<<(std::ostream& out, const Fitted& fitted) {
  return out << to_string(fitted);
}

Fitted fit(const Model& model, State& state, const Dataset& data, const FitOptions& options,
           Location where) {
  return named_fit("fit", where, [&] {
    const Model complete = checked_model(model, data, options);
    detail::FitTask task{complete, state, {data, {}}, {}, options};
    if (options.hold_out > 0) {
      const RowSplit split = detail::split_rows(
          data, options.hold_out, {fold_in(options.key, hold_out_stream), options.stratify});
      task.training.rows = split.training.to_vector<std::int64_t>();
      task.validation.emplace(detail::ChosenRows{data, split.held_out.to_vector<std::int64_t>()});
    } else {
      task.training.rows = all_rows(data).rows;
      if (options.validation) task.validation.emplace(all_rows(*options.validation));
    }
    return detail::run_fit(task);
  });
}

std::vector<Fitted> cross_validate(const Model& model, const State& state, const Dataset& data,
                                   const CrossValidationOptions& folds, const FitOptions& options,
                                   Location where) {
  return named_fit("cross_validate", where, [&] {
    if (options.hold_out > 0 || options.validation)
      throw ArgumentError(
          "each fold is the validation data of a training, so the options must set neither "
          "hold_out nor validation");
    const Model complete = checked_model(model, data, options);
    const std::vector<RowSplit> splits =
        detail::fold_rows(data, folds.folds, {fold_in(options.key, folds_stream), folds.stratify});
    const detail::Interrupts interrupts(options.stop_on_interrupt);  // during all folds
    std::vector<Fitted> fitted;
    for (const RowSplit& split : splits) {
      const auto number = static_cast<std::int64_t>(fitted.size()) + 1;
      FitOptions of_fold = options;
      of_fold.checkpoint = checkpoint_of_fold(options.checkpoint, number);
      State copy = state.copy();
      fitted.push_back(
          detail::run_fit({complete,
                           copy,
                           {data, split.training.to_vector<std::int64_t>()},
                           detail::ChosenRows{data, split.held_out.to_vector<std::int64_t>()},
                           of_fold,
                           fmt::format("fold {}/{}", number, folds.folds)}));
      if (fitted.back().stopped == Stopped::interrupted) break;
    }
    return fitted;
  });
}

}  // namespace dagrad
