#pragma once

#include <atomic>
#include <cfenv>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <vector>

#include "dagrad/parallel.hpp"
#include "src/exec/crew.hpp"
#include "src/exec/queues.hpp"

namespace dagrad::detail {

/// Which step waits for which, as flat arrays: the successors of step s are next[first[s]] …
/// next[first[s + 1] - 1].
struct Topology {
  std::vector<std::uint32_t> first{0};
  std::vector<std::uint32_t> next;
  std::vector<std::int32_t> waits;   ///< of each step, for how many
  std::vector<std::uint32_t> roots;  ///< steps that wait for none

  std::uint32_t size() const { return static_cast<std::uint32_t>(waits.size()); }
};
struct Dependency {
  std::uint32_t before, after;
};
/// Of `steps` steps. A dependency given twice counts twice, on both sides.
Topology make_topology(std::uint32_t steps, const std::vector<Dependency>& dependencies);

/// What is run.
class Steps {
 public:
  /// Runs one step, as that worker; 0 is the caller. What it throws ends the run.
  virtual void run(std::uint32_t step, int worker) = 0;
  /// Throws Interrupted where the run is to stop. Called between the tasks of a step.
  virtual void check() const = 0;

 protected:
  ~Steps() = default;
};

/// Thrown in steps, and through ops, when the run is to stop.
struct Interrupted {
  enum class Reason : std::uint8_t { cancelled, deadline, failure } reason;
};

/// Runs the steps of one topology, again and again, on the caller's thread and the crew's. Every
/// worker has a queue of ready steps, takes from the others when it is empty, and joins the loops
/// of big steps. Nothing is allocated in a run.
class Scheduler final : public Parallel, private SharedWork {
 public:
  /// With at most `threads` workers, the caller among them.
  Scheduler(const Topology& topology, Crew& crew, int threads);
  ~Scheduler() override;

  struct Failure {
    std::uint32_t step = 0;
    std::exception_ptr error;  ///< null: all steps were run
  };
  /// Runs every step once, each after those that it waits for. Where steps fail the first of them
  /// in order that did is returned, and others may not have been run.
  Failure operator()(Steps& steps);

 private:
  struct Loop;
  void run(std::int64_t tasks, Body body, const void* context) const override;
  bool help() noexcept override;

  bool work(int worker, bool caller) noexcept;
  bool take(int worker, std::uint32_t& step);
  bool finish(int worker, std::uint32_t& step);
  void fail(std::uint32_t step);
  void reset();
  int take_seat();
  Loop* open(std::int64_t tasks, Body body, const void* context) const;
  void take_part(Loop& loop) const;
  bool join_loops();
  void check() const;

  const Topology& topology_;
  Crew& crew_;
  int workers_;
  int wanted_ = 0;  ///< helpers
  std::fenv_t environment_{};
  Steps* steps_ = nullptr;

  std::unique_ptr<std::atomic<std::int32_t>[]> waits_;
  std::unique_ptr<Deque[]> deques_;
  std::unique_ptr<std::atomic<bool>[]> seats_;
  std::unique_ptr<Loop[]> loops_;
  Backlog backlog_;
  bool left_over_ = false;  ///< counters and queues are not as a run begins with them
  std::mutex failing_;
  Failure failure_;
  alignas(128) std::atomic<std::uint32_t> remaining_{0};
  alignas(128) std::atomic<bool> stop_{false};
  mutable std::atomic<int> open_loops_{0};
};

}  // namespace dagrad::detail
