#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "dagrad/rewrite.hpp"
#include "src/graph/access.hpp"
#include "src/tensor/list_text.hpp"
#include "src/tensor/utf8.hpp"
#include "src/train/batch_function.hpp"
#include "src/train/fit_task.hpp"

namespace dagrad::detail {

namespace {

template <class... T>
[[noreturn]] void refuse_to_fit(fmt::format_string<T...> text, T&&... arguments) {
  throw ArgumentError(fmt::format(text, std::forward<T>(arguments)...));
}

/// Throws unless it is a float32 or float64 scalar.
void check_measured(const Value& value, const std::string& what) {
  const Type type = value.type();
  if (type.shape.rank() == 0 && (type.dtype == f32 || type.dtype == f64)) return;
  throw TypeError(fmt::format("{} must be a float32 or float64 scalar, got {}{}", what,
                              to_string(type),
                              type.shape.rank() > 0 ? "; take its mean over the rows" : ""));
}

void check_inputs(const Value& loss, const std::vector<Binding>& inputs) {
  if (inputs.empty())
    refuse_to_fit("Model::inputs is empty: list which input takes which column of the data");
  const Value& first = inputs[0].input;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& input = inputs[i].input;
    if (input.empty())
      refuse_to_fit("the value that takes the column {} is empty", in_quotes(inputs[i].column));
    if (Access::control(input).get() != Access::control(loss).get())
      throw GraphError(fmt::format("the input {} belongs to another graph than the loss",
                                   in_quotes(input.name())));
    if (input.node().kind() != NodeKind::input)
      refuse_to_fit("{}, which takes the column {}, is not an input of the graph",
                    in_quotes(input.name()), in_quotes(inputs[i].column));
    for (std::size_t k = 0; k < i; ++k)
      if (inputs[k].input == input)
        refuse_to_fit("the input {} takes two columns, {} and {}", in_quotes(input.name()),
                      in_quotes(inputs[k].column), in_quotes(inputs[i].column));
    if (input.rank() == 0 || input.shape()[0] < 1 || input.shape()[0] != first.shape()[0])
      throw ShapeError(fmt::format(
          "all inputs must have the batch size, at least 1, as their leading dimension, but "
          "{} is {} and {} is {}",
          in_quotes(first.name()), to_string(first.type()), in_quotes(input.name()),
          to_string(input.type())));
  }
}

void check_metrics(const std::vector<Metric>& metrics) {
  for (const Metric& metric : metrics) {
    for (const char* const taken : {"epoch", "steps", "loss", "validation", "rate", "seconds"})
      if (metric.name == taken)
        refuse_to_fit("no metric can have the name '{}', which a column of the history has", taken);
    const bool broken = std::any_of(metric.name.begin(), metric.name.end(), [](char c) {
      return is_control(static_cast<unsigned char>(c));
    });
    if (metric.name.empty() || broken || invalid_utf8(metric.name) != std::string::npos)
      refuse_to_fit("the name {} of a metric is empty, contains control characters or is not UTF-8",
                    in_quotes(metric.name));
    const auto same = [&](const Metric& other) { return other.name == metric.name; };
    if (std::count_if(metrics.begin(), metrics.end(), same) > 1)
      refuse_to_fit("two metrics have the name {}", in_quotes(metric.name));
    if (metric.value.empty())
      refuse_to_fit("the value of the metric {} is empty", in_quotes(metric.name));
    check_measured(metric.value, "the metric " + in_quotes(metric.name));
  }
}

void check_plateau(const ReduceOnPlateau& plateau) {
  if (plateau.rate.empty() || plateau.rate.node().kind() != NodeKind::parameter)
    refuse_to_fit(
        "ReduceOnPlateau::rate must be a parameter of the graph, which can be set: make "
        "it with Graph::parameter and give it to the optimiser");
  check_measured(plateau.rate, "ReduceOnPlateau::rate");
  if (!(plateau.factor > 0 && plateau.factor < 1))
    refuse_to_fit("ReduceOnPlateau::factor must be between 0 and 1, got {}", plateau.factor);
  if (plateau.patience < 1)
    refuse_to_fit("ReduceOnPlateau::patience must be at least 1, got {}", plateau.patience);
  if (!(plateau.least_improvement >= 0))
    refuse_to_fit("ReduceOnPlateau::least_improvement must be at least 0, got {}",
                  plateau.least_improvement);
  if (!(plateau.least_rate >= 0))
    refuse_to_fit("ReduceOnPlateau::least_rate must be at least 0, got {}", plateau.least_rate);
}

/// The type of a column that an input takes, such as "float32[rows,64]".
std::string column_text(const Type& input) {
  std::string dims = "rows";
  for (int axis = 1; axis < input.shape.rank(); ++axis)
    dims += fmt::format(",{}", input.shape[axis]);
  return fmt::format("{}[{}]", name(input.dtype), dims);
}

/// Throws, listing all differences, unless the State has the parameters of the model.
void check_state(const FitTask& task) {
  const Model& model = task.model;
  std::vector<Value> all{model.loss};
  for (const Value& value : {model.validation, model.rate})
    if (!value.empty()) all.push_back(value);
  for (const Metric& metric : model.metrics) all.push_back(metric.value);
  for (const Update& update : model.update) {
    all.push_back(update.parameter);
    all.push_back(update.next);
  }
  const Rewritten part = extract(all);
  (void)compile(part.graph.parameters(), {.runtime = task.options.runtime}, Location{})(
      std::as_const(task.state), {}, {}, Location{});
}

}  // namespace

void check_model(const Model& model) {
  if (model.loss.empty()) refuse_to_fit("Model::loss is empty");
  check_measured(model.loss, "the loss");
  if (!model.validation.empty()) check_measured(model.validation, "the loss for validation");
  if (!model.rate.empty()) check_measured(model.rate, "the rate");
  if (model.update.empty())
    refuse_to_fit(
        "Model::update is empty, so that nothing would be trained: give it the updates "
        "that an optimiser returns");
  check_inputs(model.loss, model.inputs);
  check_metrics(model.metrics);
}

void check_options(const FitOptions& options) {
  if (options.epochs < 0) refuse_to_fit("epochs must be at least 0, got {}", options.epochs);
  if (!(options.time_limit.count() >= 0))
    refuse_to_fit("time_limit must be at least 0, got {} s", options.time_limit.count());
  if (!(options.hold_out >= 0 && options.hold_out < 1))
    refuse_to_fit("hold_out must be a fraction from 0 to 1, less than 1, got {}", options.hold_out);
  if (options.hold_out > 0 && options.validation)
    refuse_to_fit("give either hold_out or validation data, not both");
  if (!options.stratify.empty() && options.hold_out == 0)
    refuse_to_fit("stratify is about the rows held out, so it needs hold_out");
  if (options.patience < 0) refuse_to_fit("patience must be at least 0, got {}", options.patience);
  if (!(options.least_improvement >= 0))
    refuse_to_fit("least_improvement must be at least 0, got {}", options.least_improvement);
  if (options.reduce_on_plateau) check_plateau(*options.reduce_on_plateau);
}

void check_data(const Model& model, const Dataset& data, std::string_view what, bool finite) {
  if (data.empty()) refuse_to_fit("the {} is empty", what);
  std::vector<std::string> columns;
  for (const Binding& binding : model.inputs) {
    const std::string &column = binding.column, input = in_quotes(binding.input.name());
    if (!data.has(column))
      refuse_to_fit("the {} has no column {}, which the input {} takes; its columns are: {}", what,
                    in_quotes(column), input, detail::list_text(data.names()));
    const Type wanted = binding.input.type(), got = data[column].type();
    if (got.dtype != wanted.dtype)
      throw TypeError(fmt::format(
          "the input {} is {}, so the column {} must be {}, got {}; convert it with "
          "Tensor::cast",
          input, to_string(wanted), in_quotes(column), column_text(wanted), to_string(got)));
    if (got != with_rows(wanted, data.rows()))
      throw ShapeError(fmt::format("the input {} is {}, so the column {} must be {}, got {}", input,
                                   to_string(wanted), in_quotes(column), column_text(wanted),
                                   to_string(got)));
    if (std::find(columns.begin(), columns.end(), column) == columns.end())
      columns.push_back(column);
  }
  if (!finite) return;
  try {
    data.select(columns).require_finite(Location{});
  } catch (const ArgumentError& error) {
    refuse_to_fit("{}: {}\n  Leave such rows out, or set check_data to false if they are meant",
                  what, error.what());
  }
}

std::vector<std::string> history_columns(const FitTask& task) {
  std::vector<std::string> names{"steps", "loss"};
  if (task.validation) names.emplace_back("validation");
  for (const Metric& metric : task.model.metrics) names.push_back(metric.name);
  if (!task.model.rate.empty()) names.emplace_back("rate");
  names.emplace_back("seconds");
  return names;
}

void check_task(const FitTask& task) {
  const FitOptions& options = task.options;
  if (!task.validation && options.patience > 0)
    refuse_to_fit("patience needs validation data: set hold_out or validation");
  if (!options.monitor.empty()) {
    const auto& metrics = task.model.metrics;
    const bool metric = std::any_of(metrics.begin(), metrics.end(),
                                    [&](const Metric& m) { return m.name == options.monitor; });
    if (!metric && options.monitor != "loss" &&
        !(options.monitor == "validation" && task.validation))
      refuse_to_fit(
          "monitor is {}, which is neither 'loss' nor 'validation' with validation data "
          "nor a metric of the model",
          in_quotes(options.monitor));
  }
  if (task.training.size() < task.batch())
    refuse_to_fit(
        "the graph was built for batches of {} rows, but there {} only {} to train on: "
        "build it for at most that many",
        task.batch(), task.training.size() == 1 ? "is" : "are", task.training.size());
  check_state(task);
}

}  // namespace dagrad::detail
