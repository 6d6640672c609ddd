#include "src/exec/scheduler.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "src/exec/backoff.hpp"

namespace dagrad::detail {

namespace {

/// Gives a helper's thread the caller's floating-point environment while it exists.
class HelperThread {
 public:
  explicit HelperThread(const std::fenv_t& environment) {
    std::fegetenv(&own_);
    std::fesetenv(&environment);
  }
  HelperThread(const HelperThread&) = delete;
  HelperThread& operator=(const HelperThread&) = delete;
  ~HelperThread() { std::fesetenv(&own_); }

 private:
  std::fenv_t own_{};
};

}  // namespace

/// A parallel loop inside a running step. Each worker begins with the same part of the tasks in
/// every loop, since what it wrote there is in its cache, and then takes what others have left.
struct Scheduler::Loop {
  struct alignas(128) Part {
    std::atomic<std::int64_t> next{0};
    std::int64_t end = 0;
  };
  static constexpr int most_parts = 8;

  using Body = void (*)(const void* context, std::int64_t task);

  Loop(std::int64_t tasks, Body of_loop, const void* of_body, int workers)
      : body(of_loop),
        context(of_body),
        parts(memory.data(), static_cast<std::size_t>(std::min(workers, most_parts))) {
    const auto n = static_cast<std::int64_t>(parts.size());
    for (std::int64_t i = 0; i < n; ++i) {
      Part& part = memory[static_cast<std::size_t>(i)];
      part.next.store(tasks * i / n, std::memory_order_relaxed);
      part.end = tasks * (i + 1) / n;
    }
  }
  bool has_tasks() const {
    return std::ranges::any_of(parts, [](const Part& part) {
      return part.next.load(std::memory_order_relaxed) < part.end;
    });
  }
  void drop_tasks() {
    for (Part& part : parts) part.next.store(part.end, std::memory_order_relaxed);
  }

  const Body body;
  const void* const context;
  std::array<Part, most_parts> memory;
  const std::span<Part> parts;
  std::atomic<bool> failed{false};
  std::exception_ptr error = nullptr;  ///< of the first task that failed
};

Scheduler::Scheduler(const Topology& topology, Crew& crew, int threads)
    : crew_(crew),
      workers_(std::max(1, std::min(threads, crew.threads()))),
      ready_(topology, workers_),
      size_(topology.size()),
      numbers_(new std::atomic<bool>[static_cast<std::size_t>(workers_)] {}),
      loops_of_(new Loops[static_cast<std::size_t>(workers_)]) {
  for (int worker = 0; worker < workers_; ++worker)
    loops_of_[static_cast<std::size_t>(worker)].belong_to(*this, worker);
}

Scheduler::~Scheduler() = default;

Scheduler::Failure Scheduler::operator()(Steps& steps) {
  steps_ = &steps;
  failure_ = {};
  stop_.store(false, std::memory_order_relaxed);
  remaining_.store(size_, std::memory_order_relaxed);
  ready_.begin();
  std::fegetenv(&environment_);
  helpers_ = std::min(workers_ - 1, crew_.lendable());
  if (helpers_ > 0) {
    const Crew::Posting posting = crew_.post(*this);
    crew_.call(helpers_);
    work(0);
  } else {
    work(0);
  }
  if (failure_.error) ready_.reset();
  return std::move(failure_);
}

// ---- helpers

bool Scheduler::help() noexcept {
  const int number = take_number();
  if (number == 0) return false;
  const HelperThread thread(environment_);
  const bool worked = work(number);
  numbers_[static_cast<std::size_t>(number)].store(false, std::memory_order_release);
  return worked;
}

/// Takes a free worker number; 0 if there is none.
int Scheduler::take_number() {
  for (int w = 1; w < workers_; ++w) {
    std::atomic<bool>& taken = numbers_[static_cast<std::size_t>(w)];
    if (!taken.load(std::memory_order_relaxed) && !taken.exchange(true, std::memory_order_acquire))
      return w;
  }
  return 0;
}

// ---- steps

/// Works until all steps are done or one has failed; a helper also leaves after finding nothing to
/// do for a while. Returns whether there was something to do.
bool Scheduler::work(int worker) noexcept {
  bool worked = false;
  std::uint32_t done = 0;  // finished steps not yet subtracted from `remaining_`
  for (Backoff idle; !stop_.load(std::memory_order_relaxed);) {
    if (const std::uint32_t step = ready_.take(worker); step != no_step) {
      done += run_chain(step, worker);
      idle.reset();
      continue;
    }
    if (done != 0) remaining_.fetch_sub(done, std::memory_order_acq_rel);
    worked |= done != 0;
    done = 0;
    if (remaining_.load(std::memory_order_acquire) == 0) return worked;
    if (visit_loops(worker)) {
      worked = true;
      idle.reset();
    } else if (worker != 0 && idle.long_idle()) {
      return worked;
    } else {
      idle.wait();
    }
  }
  return true;
}

/// Runs a step, then the first successor that it made ready, and so on; returns how many it ran.
std::uint32_t Scheduler::run_chain(std::uint32_t step, int worker) noexcept {
  std::uint32_t done = 0;
  try {
    while (step != no_step && !stop_.load(std::memory_order_relaxed)) {
      steps_->run(step, worker);
      ++done;
      const ReadySteps::Released released = ready_.finish(worker, step);
      if (released.others) crew_.call(helpers_);
      step = released.next;
    }
  } catch (...) {
    fail(step, worker);
  }
  return done;
}

/// Called while an exception is being handled. Of several failures, the one of the earliest step is
/// kept.
void Scheduler::fail(std::uint32_t step, int worker) {
  bool secondary = false;  // whether the step stopped only because another one failed
  try {
    throw;
  } catch (const Interrupted& interrupted) {
    secondary = interrupted.reason == Interrupted::Reason::failure;
  } catch (...) {
  }
  if (!secondary) {
    Failure failure{step, worker, std::current_exception()};  // the replaced exception is destroyed
                                                              // after the lock is released
    const std::lock_guard lock(failing_);
    if (failure_.error == nullptr || step < failure_.step) std::swap(failure_, failure);
  }
  stop_.store(true, std::memory_order_release);
}

void Scheduler::check() const {
  if (stop_.load(std::memory_order_relaxed)) throw Interrupted{Interrupted::Reason::failure};
  steps_->check();
}

// ---- loops of steps

void Scheduler::Loops::run(std::int64_t tasks, Body body, const void* context) const {
  if (tasks <= 1 || scheduler_->helpers_ == 0) {
    for (std::int64_t task = 0; task < tasks; ++task) {
      scheduler_->check();
      body(context, task);
    }
    return;
  }
  Loop loop(tasks, body, context, scheduler_->workers_);
  {
    const Board<Loop>::Posting posting(scheduler_->loops_, loop);
    if (posting.posted()) scheduler_->crew_.call(scheduler_->helpers_);
    scheduler_->take_tasks(loop, worker_);
  }
  if (loop.error) std::rethrow_exception(loop.error);
}

void Scheduler::take_tasks(Loop& loop, int worker) const {
  try {
    for (std::size_t i = 0; i < loop.parts.size(); ++i) {
      Loop::Part& part = loop.parts[(static_cast<std::size_t>(worker) + i) % loop.parts.size()];
      while (true) {
        const std::int64_t task = part.next.fetch_add(1, std::memory_order_relaxed);
        if (task >= part.end) break;
        check();
        loop.body(loop.context, task);
      }
    }
  } catch (...) {
    if (!loop.failed.exchange(true, std::memory_order_relaxed))
      loop.error = std::current_exception();
    loop.drop_tasks();
  }
}

/// Takes tasks of all posted loops. Returns false if there were none.
bool Scheduler::visit_loops(int worker) const {
  return loops_.visit([&](Loop& loop) {
    if (!loop.has_tasks()) return false;
    take_tasks(loop, worker);
    return true;
  });
}

}  // namespace dagrad::detail
