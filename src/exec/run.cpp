#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "dagrad/error.hpp"
#include "dagrad/passes/tile.hpp"
#include "src/exec/checking_kernels.hpp"
#include "src/exec/context.hpp"
#include "src/exec/observed_step.hpp"

/// The part of RunContext that runs the steps of its plan.
namespace dagrad::detail {

void RunContext::make_workers() {
  std::size_t operands = 0, results = 0;
  for (const auto& kernel : plan_.kernels) {
    operands = std::max(operands, kernel->in().size());
    results = std::max(results, kernel->out().size());
  }
  for (StepFrame& frame : frames_) {
    frame.found.resize(operands + results);
    frame.in_views.resize(operands);
    frame.out_views.resize(results);
  }
  if (plan_.topology)
    scheduler_ = std::make_unique<Scheduler>(*plan_.topology, plan_.runtime->crew, plan_.threads);
}

void RunContext::run_steps() {
  bool wired = false;
  const auto wire = [&] {
    if (!std::exchange(wired, true)) wired_.update(plan_, address_);
  };
  if (scheduler_) {
    wire();
    const Scheduler::Failure failure = (*scheduler_)(*this);
    if (failure.error) fail(frames_[static_cast<std::size_t>(failure.worker)].step, failure.error);
    return;
  }
  const bool watched = options_ != nullptr || plan_.observer != nullptr || !times_.empty();
  const auto stretches = watched ? std::span<const Routines::Stretch>() : routines();
  std::uint32_t s = 0;
  const auto end = static_cast<std::uint32_t>(plan_.steps.size());
  try {
    for (const Routines::Stretch& stretch : stretches) {
      if (stretch.routine != nullptr) {
        stretch.routine(address_.data(), routine_scratch_.get());
        s = stretch.end;
      }
      if (s < stretch.end) wire();
      for (; s < stretch.end; ++s) execute(s, frames_[0], in_order_);
    }
    if (s < end) wire();
    if (!watched)
      for (; s < end; ++s) execute(s, frames_[0], in_order_);
    for (; s < end; ++s) run_step(s, 0);
  } catch (...) {
    fail(s, std::current_exception());
  }
}

/// The stretches of the plan once it has routines, with memory for these.
std::span<const Routines::Stretch> RunContext::routines() {
  const Routines& routines = plan_.routines.next_run(plan_);
  make_room(routines);
  return routines.stretches();
}

void RunContext::make_room(const Routines& routines) {
  if (routines.scratch() > 0 && routine_scratch_ == nullptr)
    routine_scratch_ = allocate_blocks(routines.scratch());
}

void RunContext::check() const {
  if (options_ == nullptr) return;
  using Reason = Interrupted::Reason;
  if (options_->cancel && options_->cancel->cancelled()) throw Interrupted{Reason::cancelled};
  if (options_->deadline && std::chrono::steady_clock::now() >= *options_->deadline)
    throw Interrupted{Reason::deadline};
}

void RunContext::run(std::uint32_t task, int worker) {
  std::uint32_t& step = frames_[static_cast<std::size_t>(worker)].step;
  for (step = plan_.tasks[task]; step < plan_.tasks[task + 1]; ++step) run_step(step, worker);
}

void RunContext::run_step(std::uint32_t step, int worker) {
  check();
  StepFrame& frame = frames_[static_cast<std::size_t>(worker)];
  const Parallel& parallel = scheduler_ ? scheduler_->loops_of(worker) : in_order_;
  if (!times_.empty()) {
    StepTime& time = times_[step];
    time.worker = worker;
    time.start = std::chrono::steady_clock::now();
    execute(step, frame, parallel);
    time.end = std::chrono::steady_clock::now();
    return;
  }
  if (plan_.observer == nullptr) return execute(step, frame, parallel);
  ObservedStep observed(plan_, step, address_, worker);
  observed.starts();
  execute(step, frame, parallel);
  observed.finishes();
}

void RunContext::execute(std::uint32_t step, StepFrame& frame, const Parallel& parallel) {
  const Step& s = plan_.steps[step];
  const Kernel& kernel = plan_.kernel_of(s);
  frame.in = wired_.empty() ? find(s, frame) : wired_.of(s);
  frame.out = frame.in + kernel.in().size();
  frame.scratch = kernel.scratch() > 0 ? address_[plan_.wires_of(s).back()] : nullptr;
  kernel.run(frame, parallel);
}

/// Looks the addresses of a step's operands and results up.
void** RunContext::find(const Step& step, StepFrame& frame) const {
  const Kernel& kernel = plan_.kernel_of(step);
  const auto wires = plan_.wires_of(step).first(kernel.in().size() + kernel.out().size());
  std::ranges::transform(wires, frame.found.begin(), [&](std::uint32_t slot) {
    return slot == no_slot ? nullptr : address_[slot];
  });
  return frame.found.data();
}

/// Throws a RunError with the node's name and place, in which the original exception is nested.
void RunContext::fail(std::uint32_t step, const std::exception_ptr& error) const {
  try {
    std::rethrow_exception(error);
  } catch (const Interrupted& interrupted) {
    const bool late = interrupted.reason == Interrupted::Reason::deadline;
    throw InterruptedRun(
        fmt::format("the run {} at {}", late ? "passed its deadline" : "was cancelled",
                    plan_.origins.text(step)),
        plan_.origins.name(step), plan_.origins.where(step));
  } catch (const RunError& e) {
    // What a tile is computed of are nodes of the user's graph, and the error names one of them.
    const bool in_tile = plan_.kernel_of(plan_.steps[step]).op().get_if<Tiled>() != nullptr;
    if (in_tile && plan_.searching.empty() && !e.node().empty()) throw;
    fail(step, e.what());
  } catch (const std::exception& e) {
    fail(step, e.what());
  } catch (...) {
    fail(step, "threw something that is not a std::exception");
  }
}

/// Called while the exception is being handled. A run that only watches leaves the error to the
/// search: an earlier step may have caused it by a value that is not finite.
void RunContext::fail(std::uint32_t step, std::string_view why) const {
  if (!plan_.searching.empty()) throw NotFinite();
  std::throw_with_nested(
      RunError(fmt::format("{}: {}\n  {}", plan_.kernel_of(plan_.steps[step]).op().name(), why,
                           plan_.origins.text(step)),
               plan_.origins.name(step), plan_.origins.where(step)));
}

}  // namespace dagrad::detail
