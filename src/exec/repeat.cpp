#include <fmt/format.h>

#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "dagrad/compile.hpp"
#include "dagrad/error.hpp"
#include "src/exec/compiled.hpp"
#include "src/graph/told_at.hpp"

/// Runs of many steps.
namespace dagrad {

namespace {

using detail::RunContext;
using detail::told_at;

/// The type of `steps` values in a row.
Type leading_type(const Type& type, std::int64_t steps) {
  std::vector<std::int64_t> extents{steps};
  for (int axis = 0; axis < type.shape.rank(); ++axis) extents.push_back(type.shape[axis]);
  return {type.dtype, Shape(extents)};
}

/// Feeds that are given for all steps at once.
class StepFeeds {
 public:
  /// Feeds what is the same for all steps.
  StepFeeds(RunContext& context, const Feeds& feeds, std::int64_t steps);
  /// Feeds what is different for each step.
  void feed(std::int64_t step);

 private:
  struct Series {
    std::uint32_t input;
    const std::byte* data;
    Type type;  ///< of one step
  };
  RunContext& context_;
  std::vector<Series> series_;
};

StepFeeds::StepFeeds(RunContext& context, const Feeds& feeds, std::int64_t steps)
    : context_(context) {
  for (const Feed& feed : feeds) {
    const std::uint32_t input = context.unfed(feed);
    const Type& type = context.plan().inputs[input].type;
    if (feed.tensor.rank() != type.shape.rank() + 1) {
      context.feed(input, feed.tensor);
      continue;
    }
    if (const Type wanted = leading_type(type, steps); feed.tensor.type() != wanted) {
      const std::string text = fmt::format("input '{}' must be {}, or {} for {} steps, got {}",
                                           context.plan().input_names[input], to_string(type),
                                           to_string(wanted), steps, to_string(feed.tensor.type()));
      if (feed.tensor.dtype() != type.dtype) throw TypeError(text);
      throw ShapeError(text);
    }
    series_.push_back({input, static_cast<const std::byte*>(feed.tensor.data()), type});
    if (steps > 0) this->feed(0);
  }
}

void StepFeeds::feed(std::int64_t step) {
  for (const auto& [input, data, type] : series_)
    context_.feed(input, View{data + static_cast<std::size_t>(step) * type.bytes(), type});
}

/// The results of all steps, or a callback that gets them.
class StepResults {
 public:
  StepResults(const RunContext& context, std::int64_t steps, const RepeatOptions& options)
      : context_(context), on_step_(options.on_step), views_(context.plan().fetches.size()) {
    if (on_step_) return;
    for (const detail::Plan::Fetch& fetch : context.plan().fetches)
      series_.push_back(detail::uninitialized(leading_type(fetch.type, steps)));
    for (Tensor& series : series_)
      next_.push_back(static_cast<std::byte*>(series.mutable_view().data));
  }

  void take(std::int64_t step) {
    for (std::size_t i = 0; i < views_.size(); ++i) views_[i] = context_.fetch(i);
    if (on_step_) return on_step_(step, views_);
    for (std::size_t i = 0; i < views_.size(); ++i) {
      const std::size_t bytes = views_[i].type.bytes();
      if (bytes > 0) std::memcpy(next_[i], views_[i].data, bytes);
      next_[i] += bytes;
    }
  }
  /// Those of the first `steps` steps.
  Repeated first(std::int64_t steps) && {
    for (Tensor& series : series_)
      if (series.shape()[0] != steps) series = series[Range{0, steps}];
    return {steps, std::move(series_)};
  }

 private:
  const RunContext& context_;
  const std::function<void(std::int64_t, std::span<const View>)>& on_step_;
  std::vector<View> views_;
  std::vector<Tensor> series_;
  std::vector<std::byte*> next_;
};

/// A loop of runs of one context.
struct StepLoop {
  RunContext& context;
  detail::StateData* state;
  bool update;
  std::int64_t steps;
  const RepeatOptions& options;
  Location where;

  /// Runs `f`; its errors begin with the number of the step.
  template <class F>
  void in_step(std::int64_t step, const F& f) const {
    const auto numbered = [&](const char* text) {
      return fmt::format("step {} of {}: {}", step, steps, text);
    };
    try {
      told_at(where, f);
    } catch (const detail::InterruptedRun&) {
      throw;
    } catch (const RunError& error) {
      std::throw_with_nested(RunError(numbered(error.what()), error.node(), error.where()));
    } catch (const Error&) {
      detail::rethrow(numbered(""), "", "", where);
    }
  }
  bool interrupted() const {
    return (options.cancel && options.cancel->cancelled()) ||
           (options.deadline && std::chrono::steady_clock::now() >= *options.deadline);
  }
  /// Returns how many steps were completed.
  template <class Before, class After>
  std::int64_t run(const Before& before, const After& after) const {
    std::optional<detail::Crew::Stay> stay;
    if (context.plan().threads > 1) stay.emplace(context.plan().runtime->crew);
    const RunOptions run_options{options.cancel, options.deadline};
    for (std::int64_t step = 0; step < steps; ++step) {
      if (interrupted()) return step;
      before(step);
      try {
        in_step(step, [&] { context.run(state, update, run_options); });
      } catch (const detail::InterruptedRun&) {
        return step;
      }
      after(step);
    }
    return steps;
  }
};

void require_steps(std::int64_t steps, Location where) {
  told_at(where, [&] {
    if (steps < 0)
      throw ArgumentError(fmt::format("repeat: the number of steps is negative: {}", steps));
  });
}

/// Feeds the steps by tensors that are given at the start.
Repeated repeat_series(detail::Compiled& compiled, detail::StateData* state, bool update,
                       const Feeds& feeds, std::int64_t steps, const RepeatOptions& options,
                       Location where) {
  require_steps(steps, where);
  const detail::ContextPool::Lease lease(compiled.contexts());
  RunContext& context = *lease;
  std::optional<StepFeeds> fed;
  std::optional<StepResults> results;
  told_at(where, [&] {
    fed.emplace(context, feeds, steps);
    results.emplace(context, steps, options);
  });
  const StepLoop loop{context, state, update, steps, options, where};
  const std::int64_t done = loop.run([&](std::int64_t step) { fed->feed(step); },
                                     [&](std::int64_t step) { results->take(step); });
  return std::move(*results).first(done);
}

}  // namespace

Repeated Function::repeat(State& state, const Feeds& feeds, std::int64_t steps,
                          const RepeatOptions& options, Location where) const {
  return repeat_series(compiled(), state.data().get(), compiled().updates(), feeds, steps, options,
                       where);
}

Repeated Function::repeat(const State& state, const Feeds& feeds, std::int64_t steps,
                          const RepeatOptions& options, Location where) const {
  told_at(where, [&] { compiled().require_const(); });
  return repeat_series(compiled(), state.data().get(), false, feeds, steps, options, where);
}

Repeated Function::repeat_fed(State& state, const std::function<Feeds(std::int64_t)>& feeds,
                              std::int64_t steps, const RepeatOptions& options,
                              Location where) const {
  require_steps(steps, where);
  const detail::ContextPool::Lease lease(compiled().contexts());
  RunContext& context = *lease;
  const StepLoop loop{context, state.data().get(), compiled().updates(), steps, options, where};
  std::optional<StepResults> results;
  told_at(where, [&] { results.emplace(context, steps, options); });
  Feeds of_step;
  const auto feed = [&](std::int64_t step) {
    of_step = feeds(step);
    loop.in_step(step, [&] {
      context.clear();
      for (const Feed& one : of_step) context.feed(context.unfed(one), one.tensor);
    });
  };
  const std::int64_t done = loop.run(feed, [&](std::int64_t step) { results->take(step); });
  return std::move(*results).first(done);
}

std::int64_t BoundRun::repeat(std::int64_t steps,
                              const std::function<void(std::int64_t)>& before_step,
                              const RepeatOptions& options, Location where) {
  require_steps(steps, where);
  detail::BoundContext& run = bound();
  std::vector<View> results(run.function->plan().fetches.size());
  const StepLoop loop{run.context, run.state.get(), run.function->updates(), steps, options, where};
  return loop.run(
      [&](std::int64_t step) {
        if (before_step) before_step(step);
      },
      [&](std::int64_t step) {
        if (!options.on_step) return;
        for (std::size_t i = 0; i < results.size(); ++i) results[i] = run.context.fetch(i);
        options.on_step(step, results);
      });
}

}  // namespace dagrad
