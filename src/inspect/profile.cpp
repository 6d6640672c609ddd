#include "dagrad/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "dagrad/error.hpp"
#include "src/exec/compiled.hpp"
#include "src/graph/told_at.hpp"
#include "src/inspect/profile_rows.hpp"

namespace dagrad {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_from(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

ProfileTime time_of(std::vector<double> runs) {
  std::sort(runs.begin(), runs.end());
  const std::size_t half = runs.size() / 2;
  return {runs.front(), runs.size() % 2 != 0 ? runs[half] : (runs[half - 1] + runs[half]) / 2};
}

/// Runs a function in a context of its own and measures it.
class Profiling {
 public:
  Profiling(detail::Compiled& compiled, detail::StateData* state, const Feeds& feeds)
      : compiled_(compiled), state_(state), context_(compiled.plan()), times_(steps()) {
    for (const Feed& feed : feeds) context_.lend(feed);
  }

  Profile measure(const ProfileOptions& options) {
    for (int i = 0; i < options.warm_up; ++i) run();
    std::vector<double> runs, timed_runs;
    for (int i = 0; i < options.runs; ++i) runs.push_back(run());
    for (int i = 0; i < options.runs; ++i) timed_runs.push_back(timed_run(timed_runs));
    Profile profile;
    profile.run = time_of(std::move(runs));
    profile.timed_run = time_of(std::move(timed_runs));
    profile.threads = compiled_.plan().threads;
    profile.events = std::move(fastest_);
    detail::ProfileRows(compiled_.plan(), seconds_).add_to(profile);
    return profile;
  }

 private:
  std::size_t steps() const { return compiled_.plan().steps.size(); }

  /// The seconds that a run takes.
  double run() {
    const Clock::time_point start = Clock::now();
    context_.run(state_, false, {});
    return seconds_from(start, Clock::now());
  }

  double timed_run(const std::vector<double>& earlier) {
    std::fill(times_.begin(), times_.end(), detail::StepTime{});
    context_.time_steps(times_);
    const Clock::time_point start = Clock::now();
    const double seconds = run();
    context_.time_steps({});
    std::vector<double>& of_steps = seconds_.emplace_back();
    for (const detail::StepTime& time : times_) {
      if (time.end == Clock::time_point())
        throw RunError(
            "profile: a value is not finite, and the search for its node cannot be measured: "
            "profile a function that is compiled without check_finite");
      of_steps.push_back(seconds_from(time.start, time.end));
    }
    if (std::all_of(earlier.begin(), earlier.end(), [&](double e) { return seconds < e; }))
      keep_events(start);
    return seconds;
  }

  void keep_events(Clock::time_point start) {
    fastest_.clear();
    for (std::size_t step = 0; step < times_.size(); ++step) {
      const detail::StepTime& time = times_[step];
      fastest_.push_back(
          {step, time.worker, seconds_from(start, time.start), seconds_from(time.start, time.end)});
    }
  }

  detail::Compiled& compiled_;
  detail::StateData* state_;
  detail::RunContext context_;
  std::vector<detail::StepTime> times_;
  std::vector<std::vector<double>> seconds_;  ///< of the steps in each timed run
  std::vector<ProfileEvent> fastest_;
};

Profile profile_of(const Function& function, detail::StateData* state, const Feeds& feeds,
                   const ProfileOptions& options, Location where) {
  return detail::told_at(where, [&] {
    if (options.runs < 1 || options.warm_up < 0)
      throw ArgumentError(
          fmt::format("profile: runs must be at least 1 and warm_up at least 0, got {} and {}",
                      options.runs, options.warm_up));
    detail::Compiled& compiled = detail::FunctionAccess::compiled(function);
    (void)detail::StepNodes(compiled.plan());  // before anything runs
    return Profiling(compiled, state, feeds).measure(options);
  });
}

}  // namespace

Profile profile(const Function& function, const State& state, const Feeds& feeds,
                const ProfileOptions& options, Location where) {
  return profile_of(function, detail::FunctionAccess::data(state), feeds, options, where);
}

Profile profile(const Function& function, const Feeds& feeds, const ProfileOptions& options,
                Location where) {
  return profile_of(function, nullptr, feeds, options, where);
}

const std::vector<ProfileRow>& Profile::rows(ProfileBy by) const {
  switch (by) {
    case ProfileBy::node:
      return nodes;
    case ProfileBy::forward:
      return forward;
    case ProfileBy::scope:
      break;
  }
  return scopes;
}

}  // namespace dagrad
