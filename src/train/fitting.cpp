#include "src/train/fitting.hpp"
#include "src/tensor/list_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dagrad/random.hpp"
#include "src/graph/rethrow.hpp"
#include "src/tensor/utf8.hpp"
#include "src/train/monitor.hpp"
#include "src/train/named_call.hpp"

namespace dagrad::detail {

namespace {

std::vector<Tensor> bound_columns(const Model& model, const Dataset& data) {
  std::vector<Tensor> columns;
  for (const Binding& binding : model.inputs) columns.push_back(data[binding.column]);
  return columns;
}

/// A function for whole batches and one for the rows that are left over, as far as there are any.
std::map<std::int64_t, BatchFunction> batch_functions(const FitTask& task, Purpose purpose,
                                                      std::int64_t rows, bool with_rest) {
  std::map<std::int64_t, BatchFunction> functions;
  const std::int64_t batch = task.batch();
  for (const std::int64_t size : {rows >= batch ? batch : 0, with_rest ? rows % batch : 0})
    if (size > 0) functions.emplace(size, BatchFunction(task, purpose, size));
  return functions;
}

std::map<std::int64_t, BatchFunction> validation_functions(const FitTask& task) {
  if (!task.validation) return {};
  return batch_functions(task, Purpose::validation, task.validation->size(), true);
}

std::int64_t steps_in_epoch(const FitTask& task) {
  const std::int64_t more = task.options.drop_last ? 0 : task.batch() - 1;
  return (task.training.size() + more) / task.batch();
}

/// The positions of the rows of a batch, for errors.
std::string rows_text(std::span<const std::int64_t> rows) {
  constexpr std::size_t most = 64;
  return fmt::format("{}{}", detail::list_text(rows.first(std::min(most, rows.size()))),
                     rows.size() > most ? ", …" : "");
}

void add_weighted(std::vector<double>& sums, const std::vector<double>& means, std::int64_t rows) {
  sums.resize(means.size());
  for (std::size_t i = 0; i < means.size(); ++i) sums[i] += means[i] * static_cast<double>(rows);
}

std::vector<double> divided_by(std::vector<double> sums, std::int64_t rows) {
  for (double& sum : sums) sum /= static_cast<double>(rows);
  return sums;
}

}  // namespace

Fitting::Fitting(const FitTask& task)
    : task_(task),
      options_(task.options),
      setup_(setup_of(task)),
      steps_(steps_in_epoch(task)),
      training_(
          batch_functions(task, Purpose::training, task.training.size(), !task.options.drop_last)),
      validation_(validation_functions(task)),
      batches_(bound_columns(task.model, task.training.data), task.batch(), options_.threads != 1),
      reporter_(task, steps_),
      interrupts_(options_.stop_on_interrupt) {
  if (task.validation)
    validation_batches_.emplace(bound_columns(task.model, task.validation->data),
                                std::min(task.batch(), task.validation->size()),
                                options_.threads != 1);
}

Fitted Fitting::run() {
  begin();
  Ending ending = ended_by_history();
  while (!ending) {
    ending = train_epoch();
    if (!ending) ending = validate();
    if (!ending) ending = finish_epoch();
    if (!ending) ending = ended_by_history();
  }
  return finish(*ending);
}

/// Continues from the checkpoint if there is one. Otherwise writes it, so that a folder that cannot
/// be written is noticed now.
void Fitting::begin() {
  const std::filesystem::path& file = options_.checkpoint;
  position_.history = History(history_columns(task_));
  std::error_code unknown;  // then reading or writing it says what is wrong
  if (file.empty()) return;
  if (!options_.resume || !exists(file, unknown))
    return write_checkpoint(file, task_.state, position_, setup_);
  ReadCheckpoint read = read_checkpoint(file, task_.state, setup_, history_columns(task_));
  position_ = std::move(read.position);
  seconds_before_ = position_.seconds;
  if (position_.best && best_now() != position_.best_epoch)
    throw ArgumentError(fmt::format(
        "{} holds the State after epoch {}, which was the best, but for these options it is "
        "epoch {}: monitor and maximize must not change",
        in_quotes(file.native()), position_.best_epoch, best_now()));
  task_.state.set(read.values);
  reporter_.continues(position_);
}

Fitting::Ending Fitting::train_epoch() {
  order_ = order_of_epoch();
  batches_.begin(order_, position_.in_epoch);
  while (position_.in_epoch < steps_) {
    if (const Ending ending = told_to_end()) return ending;
    const Batch& batch = batches_.next();
    step_on(batch);
    const double loss = training_.at(batch.size()).measured()[0];
    if (!std::isfinite(loss)) return Stopped::not_finite;
    if (callback_ends(batch, loss)) return Stopped::callback;
    reporter_.step(position_);
  }
  return {};
}

Fitting::Ending Fitting::validate() {
  if (!task_.validation) return {};
  std::vector<double> sums;
  const std::vector<std::int64_t>& rows = task_.validation->rows;
  validation_batches_->begin(rows);
  for (std::int64_t seen = 0; seen < task_.validation->size();) {
    if (const Ending ending = told_to_end()) return ending;
    const Batch& batch = validation_batches_->next();
    BatchFunction& measure = validation_.at(batch.size());
    measure(batch);
    add_weighted(sums, measure.measured(), batch.size());
    seen += batch.size();
  }
  validated_ = divided_by(sums, task_.validation->size());
  return {};
}

/// Records the epoch and does what depends on the history.
Fitting::Ending Fitting::finish_epoch() {
  const std::vector<double> trained = divided_by(position_.sums, position_.rows);
  std::vector<double> row{static_cast<double>(epoch() * steps_), trained[0]};
  const std::vector<double>& metrics = task_.validation ? validated_ : trained;
  if (task_.validation) row.push_back(validated_[0]);
  row.insert(row.end(), metrics.begin() + 1, metrics.end());
  if (!task_.model.rate.empty()) row.push_back(position_.rate);
  row.push_back(seconds());
  position_.history.append(row);
  position_.in_epoch = position_.rows = 0;
  position_.sums.clear();

  keep_best();
  EpochEvent event{position_.history, task_.state};
  if (options_.on_epoch) call_back([&] { options_.on_epoch(event); });
  reduce_rate();
  save();
  reporter_.epoch(position_);
  return event.stop ? Ending(Stopped::callback) : Ending();
}

Fitting::Ending Fitting::told_to_end() const {
  if (interrupts_.pressed() || (options_.cancel && options_.cancel->cancelled()))
    return Stopped::interrupted;
  const std::chrono::duration<double> limit = options_.time_limit;
  if (limit.count() > 0 && Clock::now() - start_ >= limit) return Stopped::time;
  return {};
}

Fitting::Ending Fitting::ended_by_history() const {
  const History& history = position_.history;
  if (options_.patience > 0 && without_improvement(monitored(history, options_),
                                                   options_.least_improvement) >= options_.patience)
    return Stopped::patience;
  if (history.epochs() >= options_.epochs) return Stopped::epochs;
  return {};
}

Fitted Fitting::finish(Stopped why) {
  const bool ahead = position_.in_epoch > 0 || !unsaved_.empty();  // of the checkpoint
  if (ahead && why != Stopped::not_finite) save();
  Fitted fitted{
      position_.history, position_.best ? position_.best->copy() : task_.state.copy(),
      task_.validation && !position_.history.empty()
          ? static_cast<std::int64_t>(best_position(monitored(position_.history, options_)) + 1)
          : position_.history.epochs(),
      why, unsaved_};
  const bool unfinished =
      why == Stopped::callback || why == Stopped::time || why == Stopped::interrupted;
  std::string text = to_string(fitted);
  if (position_.in_epoch > 0)
    text +=
        fmt::format("; {} of {} steps of epoch {} are done", position_.in_epoch, steps_, epoch());
  if (!options_.checkpoint.empty() && unsaved_.empty())
    text += fmt::format("; saved in {}{}", in_quotes(options_.checkpoint.native()),
                        unfinished ? ", from which the same call continues" : "");
  reporter_.end(why == Stopped::not_finite ? LogLevel::warning : LogLevel::info, text);
  return fitted;
}

std::vector<std::int64_t> Fitting::order_of_epoch() const {
  const std::vector<std::int64_t>& rows = task_.training.rows;
  std::vector<std::int64_t> order = rows;
  if (options_.shuffle) {
    fill_permutation(fold_in(options_.key, epoch()), order);
    for (std::int64_t& row : order) row = rows[static_cast<std::size_t>(row)];
  }
  order.resize(std::min(order.size(), static_cast<std::size_t>(steps_ * task_.batch())));
  return order;
}

void Fitting::step_on(const Batch& batch) {
  BatchFunction& step = training_.at(batch.size());
  try {
    step(batch);
  } catch (const RunError& error) {
    rethrow("",
            fmt::format("\n  in step {} of epoch {}, whose batch has the rows {} of the data",
                        position_.in_epoch + 1, epoch(), rows_text(batch.rows)),
            error.node(), error.where());
  }
  add_weighted(position_.sums, step.measured(), batch.size());
  position_.rows += batch.size();
  position_.rate = step.rate();
  ++position_.in_epoch;
}

bool Fitting::callback_ends(const Batch& batch, double loss) {
  if (!options_.on_step) return false;
  Feeds feeds;
  for (std::size_t i = 0; i < batch.columns.size(); ++i)
    feeds.emplace_back(task_.model.inputs[i].input, batch.columns[i][Range{0, batch.size()}]);
  StepEvent event{epoch(), position_.history.epochs() * steps_ + position_.in_epoch, loss, feeds,
                  task_.state};
  call_back([&] { options_.on_step(event); });
  return event.stop;
}

std::int64_t Fitting::best_now() const {
  return static_cast<std::int64_t>(best_position(monitored(position_.history, options_)) + 1);
}

void Fitting::keep_best() {
  if (!task_.validation || best_now() != position_.history.epochs()) return;
  position_.best = task_.state.copy();
  position_.best_epoch = best_now();
}

void Fitting::reduce_rate() {
  const auto& plateau = options_.reduce_on_plateau;
  if (!plateau || !reduces_now(monitored(position_.history, options_), *plateau)) return;
  const double now = task_.state.get(plateau->rate).item<double>();
  const double next = std::max(now * plateau->factor, std::min(now, plateau->least_rate));
  task_.state.set(plateau->rate, Tensor(next).cast(plateau->rate.dtype()));
}

/// If the checkpoint cannot be written, the training goes on: the next attempt may succeed.
void Fitting::save() {
  if (options_.checkpoint.empty()) return;
  position_.seconds = seconds();
  try {
    write_checkpoint(options_.checkpoint, task_.state, position_, setup_);
    unsaved_.clear();
  } catch (const FileError& error) {
    unsaved_ = error.what();
    reporter_.warning(fmt::format("the checkpoint is not up to date: {}", error.what()));
  }
}

double Fitting::seconds() const {
  return seconds_before_ + std::chrono::duration<double>(Clock::now() - start_).count();
}

Fitted run_fit(const FitTask& task) {
  check_task(task);
  return Fitting(task).run();
}

}  // namespace dagrad::detail
