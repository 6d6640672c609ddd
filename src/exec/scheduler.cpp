#include "src/exec/scheduler.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "src/exec/backoff.hpp"

namespace dagrad::detail {

namespace {

/// The caller's rounding mode on a helper's thread.
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

Topology make_topology(std::uint32_t steps, const std::vector<Dependency>& dependencies) {
  Topology t;
  t.first.assign(std::size_t{steps} + 1, 0);
  t.next.resize(dependencies.size());
  t.waits.assign(steps, 0);
  for (const Dependency& d : dependencies) {
    ++t.first[d.before + 1];
    ++t.waits[d.after];
  }
  for (std::uint32_t s = 0; s < steps; ++s) {
    t.first[s + 1] += t.first[s];
    if (t.waits[s] == 0) t.roots.push_back(s);
  }
  std::vector<std::uint32_t> end(t.first.begin(), t.first.end() - 1);
  for (const Dependency& d : dependencies) t.next[end[d.before]++] = d.after;
  return t;
}

/// A loop of a big step, open to all workers. It stays where it is when its step has gone, so that
/// a worker that comes late finds it closed.
struct alignas(128) Scheduler::Loop {
  enum State : int { unused, filling, opened };
  std::atomic<int> state{unused};
  std::atomic<int> inside{0};
  std::int64_t tasks = 0;
  Body body = nullptr;
  const void* context = nullptr;
  std::exception_ptr error;
  std::atomic<bool> failed{false};
  alignas(128) std::atomic<std::int64_t> next{0};
};

namespace {
constexpr std::size_t loops_at_once = 32;
}

Scheduler::Scheduler(const Topology& topology, Crew& crew, int threads)
    : topology_(topology),
      crew_(crew),
      workers_(std::max(1, std::min(threads, crew.threads()))),
      waits_(new std::atomic<std::int32_t>[topology.size()]),
      deques_(new Deque[static_cast<std::size_t>(workers_)]),
      seats_(new std::atomic<bool>[static_cast<std::size_t>(workers_)] {}),
      loops_(new Loop[loops_at_once]),
      backlog_(topology.size()) {
  reset();
}

Scheduler::~Scheduler() = default;

void Scheduler::reset() {
  for (std::uint32_t s = 0; s < topology_.size(); ++s)
    waits_[s].store(topology_.waits[s], std::memory_order_relaxed);
  for (int w = 0; w < workers_; ++w) deques_[static_cast<std::size_t>(w)].clear();
  left_over_ = false;
}

Scheduler::Failure Scheduler::operator()(Steps& steps) {
  if (left_over_) reset();
  steps_ = &steps;
  failure_ = {};
  stop_.store(false, std::memory_order_relaxed);
  remaining_.store(topology_.size(), std::memory_order_relaxed);
  backlog_.assign(topology_.roots);
  std::fegetenv(&environment_);
  wanted_ = std::min(workers_ - 1, crew_.lendable());
  std::optional<Crew::Posting> posting;
  if (wanted_ > 0) {
    posting.emplace(crew_, static_cast<SharedWork&>(*this));
    crew_.call(wanted_);
  }
  work(0, true);
  posting.reset();
  left_over_ = failure_.error != nullptr;
  return std::move(failure_);
}

bool Scheduler::help() noexcept {
  const int seat = take_seat();
  if (seat == 0) return false;
  const HelperThread thread(environment_);
  const bool worked = work(seat, false);
  seats_[static_cast<std::size_t>(seat)].store(false, std::memory_order_release);
  return worked;
}

/// A free worker's number, or 0.
int Scheduler::take_seat() {
  for (int w = 1; w < workers_; ++w) {
    std::atomic<bool>& seat = seats_[static_cast<std::size_t>(w)];
    if (!seat.load(std::memory_order_relaxed) && !seat.exchange(true, std::memory_order_acquire))
      return w;
  }
  return 0;
}

/// Until all steps are done, or one failed; a helper also goes when it has found nothing for a
/// while.
bool Scheduler::work(int worker, bool caller) noexcept {
  bool worked = false;
  std::uint32_t step = 0, done = 0;
  for (Backoff idle; !stop_.load(std::memory_order_relaxed);) {
    if (take(worker, step)) {
      try {
        do {
          steps_->run(step, worker);
          ++done;
        } while (finish(worker, step) && !stop_.load(std::memory_order_relaxed));
      } catch (...) {
        fail(step);
      }
    } else {
      if (done != 0) remaining_.fetch_sub(done, std::memory_order_acq_rel);
      worked |= done != 0;
      done = 0;
      if (remaining_.load(std::memory_order_acquire) == 0) return worked;
      if (!join_loops()) {
        if (!caller && idle.long_idle()) return worked;
        idle.wait();
        continue;
      }
      worked = true;
    }
    idle.reset();
  }
  return true;
}

bool Scheduler::take(int worker, std::uint32_t& step) {
  if (deques_[static_cast<std::size_t>(worker)].pop(step) || backlog_.pop(step)) return true;
  for (int w = worker + 1; w < worker + workers_; ++w) {
    if (deques_[static_cast<std::size_t>(w % workers_)].steal(step)) return true;
  }
  return false;
}

/// Tells the successors. `step` becomes the first that is ready now, to be run at once; the others
/// are queued.
bool Scheduler::finish(int worker, std::uint32_t& step) {
  bool ready = false, queued = false;
  std::uint32_t now = 0;
  for (std::uint32_t i = topology_.first[step], end = topology_.first[step + 1]; i < end; ++i) {
    const std::uint32_t s = topology_.next[i];
    std::atomic<std::int32_t>& waits = waits_[s];
    if (waits.load(std::memory_order_acquire) != 1 &&
        waits.fetch_sub(1, std::memory_order_acq_rel) != 1)
      continue;
    waits.store(topology_.waits[s], std::memory_order_relaxed);  // as the next run needs it
    if (ready) {
      if (!deques_[static_cast<std::size_t>(worker)].push(s)) backlog_.push(s);
      queued = true;
    } else {
      now = s;
      ready = true;
    }
  }
  if (queued) crew_.call(wanted_);
  step = now;
  return ready;
}

void Scheduler::fail(std::uint32_t step) {
  bool secondary = false;  // stopped because another step failed
  try {
    throw;
  } catch (const Interrupted& interrupted) {
    secondary = interrupted.reason == Interrupted::Reason::failure;
  } catch (...) {
  }
  if (!secondary) {
    Failure failure{step, std::current_exception()};  // what it replaces ends with no lock held
    const std::lock_guard lock(failing_);
    if (failure_.error == nullptr || step < failure_.step) std::swap(failure_, failure);
  }
  stop_.store(true, std::memory_order_release);
}

void Scheduler::check() const {
  if (stop_.load(std::memory_order_relaxed)) throw Interrupted{Interrupted::Reason::failure};
  steps_->check();
}

// ---- loops of big steps

void Scheduler::run(std::int64_t tasks, Body body, const void* context) const {
  Loop* loop = tasks > 1 && wanted_ > 0 ? open(tasks, body, context) : nullptr;
  if (loop == nullptr) {
    for (std::int64_t task = 0; task < tasks; ++task) {
      check();
      body(context, task);
    }
    return;
  }
  take_part(*loop);
  // Dekker with join_loops: a worker that comes in from now on finds it closed.
  loop->state.store(Loop::filling, std::memory_order_seq_cst);
  for (Backoff idle; loop->inside.load(std::memory_order_seq_cst) != 0;) idle.wait();
  open_loops_.fetch_sub(1, std::memory_order_relaxed);
  const std::exception_ptr error = std::exchange(loop->error, nullptr);
  loop->state.store(Loop::unused, std::memory_order_release);
  if (error) std::rethrow_exception(error);
}

/// Null where all are in use: then the loop is the caller's alone.
Scheduler::Loop* Scheduler::open(std::int64_t tasks, Body body, const void* context) const {
  for (std::size_t i = 0; i < loops_at_once; ++i) {
    Loop& loop = loops_[i];
    int unused = Loop::unused;
    if (!loop.state.compare_exchange_strong(unused, Loop::filling, std::memory_order_acquire))
      continue;
    loop.tasks = tasks;
    loop.body = body;
    loop.context = context;
    loop.failed.store(false, std::memory_order_relaxed);
    loop.next.store(0, std::memory_order_relaxed);
    loop.state.store(Loop::opened, std::memory_order_release);
    open_loops_.fetch_add(1, std::memory_order_release);
    crew_.call(wanted_);
    return &loop;
  }
  return nullptr;
}

void Scheduler::take_part(Loop& loop) const {
  try {
    while (true) {
      const std::int64_t task = loop.next.fetch_add(1, std::memory_order_relaxed);
      if (task >= loop.tasks) return;
      check();
      loop.body(loop.context, task);
    }
  } catch (...) {
    if (!loop.failed.exchange(true, std::memory_order_relaxed))
      loop.error = std::current_exception();
    loop.next.store(loop.tasks, std::memory_order_relaxed);
  }
}

/// Takes part in the loops that are open. False where there was no task left.
bool Scheduler::join_loops() {
  if (open_loops_.load(std::memory_order_acquire) == 0) return false;
  bool joined = false;
  for (std::size_t i = 0; i < loops_at_once; ++i) {
    Loop& loop = loops_[i];
    if (loop.state.load(std::memory_order_relaxed) != Loop::opened) continue;
    loop.inside.fetch_add(1, std::memory_order_seq_cst);
    if (loop.state.load(std::memory_order_seq_cst) == Loop::opened &&
        loop.next.load(std::memory_order_relaxed) < loop.tasks) {
      take_part(loop);
      joined = true;
    }
    loop.inside.fetch_sub(1, std::memory_order_release);
  }
  return joined;
}

}  // namespace dagrad::detail
