#include "src/train/batch_function.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "dagrad/rewrite.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

/// What a function of the model computes.
struct Wanted {
  std::vector<Value> fetches;  ///< the loss, the metrics if they are measured, the rate if any
  std::vector<Update> update;
};

Wanted wanted_for(const FitTask& task, Purpose purpose) {
  const Model& model = task.model;
  const bool training = purpose == Purpose::training;
  Wanted wanted;
  wanted.fetches.push_back(training || model.validation.empty() ? model.loss : model.validation);
  if (!training || task.metrics_in_training())
    for (const Metric& metric : model.metrics) wanted.fetches.push_back(metric.value);
  if (!training) return wanted;
  wanted.update = model.update;
  if (!model.rate.empty()) wanted.fetches.push_back(model.rate);
  return wanted;
}

/// The same in a graph for batches of another size.
struct Resized {
  Rewritten part, replayed;
  Wanted wanted;
};

Resized resized(const FitTask& task, const Wanted& wanted, std::int64_t rows) {
  std::vector<Value> all = wanted.fetches;
  for (const Update& update : wanted.update) {
    all.push_back(update.parameter);
    all.push_back(update.next);
  }
  Rewritten part = extract(all);
  std::vector<Retyped> types;
  for (const Binding& binding : task.model.inputs)
    if (const auto input = part.mapping.find(binding.input))
      types.push_back({*input, with_rows(input->type(), rows)});
  Rewritten replayed = replay(part.graph, types);
  const auto now = [&](const Value& value) { return replayed.mapping(part.mapping(value)); };
  Wanted there;
  for (const Value& fetch : wanted.fetches) {
    there.fetches.push_back(now(fetch));
    if (there.fetches.back().rank() != 0)
      throw ShapeError(fmt::format("{} becomes {}", in_quotes(fetch.name()),
                                   to_string(there.fetches.back().type())));
  }
  for (const Update& update : wanted.update)
    there.update.push_back({now(update.parameter), now(update.next)});
  return {std::move(part), std::move(replayed), std::move(there)};
}

/// For a catch block: says why another size is needed and what to do.
[[noreturn]] void cannot_resize(const FitTask& task, Purpose purpose, std::int64_t rows,
                                const Error& error) {
  const bool training = purpose == Purpose::training;
  throw ShapeError(fmt::format(
      "the graph was built for batches of {} rows, and cannot be made again for the {} rows "
      "{}: {}\n  Derive the shape from an operand where the program writes it out, as "
      "full_like(x, 1) and dropout do{}",
      task.batch(), rows, training ? "of the last batch" : "of validation data that are left over",
      error.what(),
      training ? ", or set drop_last to leave that batch out"
               : fmt::format(", or use a multiple of {} rows for validation", task.batch())));
}

Function compile_for(const FitTask& task, Purpose purpose, std::int64_t rows) {
  const Wanted wanted = wanted_for(task, purpose);
  CompileOptions options{.update = wanted.update,
                         .threads = task.options.threads,
                         .runtime = task.options.runtime,
                         .check_finite = task.options.check_finite};
  if (rows == task.batch()) return compile(wanted.fetches, options, Location{});
  try {
    const Resized there = resized(task, wanted, rows);
    options.update = there.wanted.update;
    return compile(there.wanted.fetches, options, Location{});
  } catch (const Error& error) {
    cannot_resize(task, purpose, rows, error);
  }
}

double scalar_of(const View& scalar) {
  return scalar.type.dtype == f32 ? static_cast<double>(scalar.as<float>()[0])
                                  : scalar.as<double>()[0];
}

}  // namespace

Type with_rows(const Type& type, std::int64_t rows) {
  std::vector<std::int64_t> dims(type.shape.begin(), type.shape.end());
  dims[0] = rows;
  return {type.dtype, Shape(dims)};
}

BatchFunction::BatchFunction(const FitTask& task, Purpose purpose, std::int64_t rows)
    : BatchFunction(task, rows, compile_for(task, purpose, rows)) {
  has_rate_ = purpose == Purpose::training && !task.model.rate.empty();
  measured_.resize(measured_.size() - (has_rate_ ? 1 : 0));
}

BatchFunction::BatchFunction(const FitTask& task, std::int64_t rows, const Function& function)
    : run_(function.bind(task.state)),
      measured_(function.fetch_types().size()),
      has_rate_(false),
      rate_(std::numeric_limits<double>::quiet_NaN()) {
  const std::vector<Binding>& bindings = task.model.inputs;
  for (const std::string& name : function.input_names()) {
    const auto found = std::find_if(bindings.begin(), bindings.end(),
                                    [&](const Binding& b) { return b.input.name() == name; });
    if (found == bindings.end())
      throw ArgumentError(
          fmt::format("the input {} takes no column: add it to Model::inputs, or make it a "
                      "parameter if it is not data",
                      in_quotes(name)));
    inputs_.push_back({name, static_cast<std::size_t>(found - bindings.begin()),
                       with_rows(found->input.type(), rows), nullptr});
  }
}

void BatchFunction::operator()(const Batch& batch) {
  for (Input& input : inputs_) {
    const void* const data = batch.columns[input.column].data();
    if (data == input.fed) continue;
    run_.feed(input.name, View{data, input.type}, Location{});
    input.fed = data;
  }
  run_({}, Location{});
  for (std::size_t i = 0; i < measured_.size(); ++i) measured_[i] = scalar_of(run_.fetch(i));
  if (has_rate_) rate_ = scalar_of(run_.fetch(measured_.size()));
}

}  // namespace dagrad::detail
