#include "src/exec/scheduler.hpp"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <array>
#include <cfenv>
#include <chrono>
#include <functional>
#include <random>
#include <stdexcept>
#include <thread>

namespace {

using namespace dagrad;
using namespace dagrad::detail;

/// Allows more threads than this machine may have cores.
const tbb::global_control many_threads(tbb::global_control::max_allowed_parallelism, 8);

/// Steps that check the order in which they run.
class Recorded final : public Steps {
 public:
  explicit Recorded(const Topology& topology) : topology_(topology), runs_(topology.size()) {}

  void run(std::uint32_t step, int worker) override {
    if (body) body(step, worker);
    runs_[step].fetch_add(1);
    for (const std::uint32_t next : topology_.successors(step))
      if (runs_[next].load() >= runs_[step].load()) out_of_order.fetch_add(1);
  }
  void check() const override {
    if (interrupted.load()) throw Interrupted{Interrupted::Reason::cancelled};
  }
  bool each_ran(int times) const {
    return std::all_of(runs_.begin(), runs_.end(), [&](const auto& n) { return n == times; });
  }

  std::function<void(std::uint32_t, int)> body;
  std::atomic<int> out_of_order{0};
  std::atomic<bool> interrupted{false};

 private:
  const Topology& topology_;
  std::vector<std::atomic<int>> runs_;
};

Topology layers(std::uint32_t wide, std::uint32_t deep) {
  std::vector<Dependency> edges;
  for (std::uint32_t l = 1; l < deep; ++l) {
    for (std::uint32_t i = 0; i < wide; ++i) {
      edges.push_back({(l - 1) * wide + i, l * wide + i});
      edges.push_back({(l - 1) * wide + (i + 1) % wide, l * wide + i});
    }
  }
  return make_topology(wide * deep, edges);
}

Topology random_topology(std::uint32_t steps, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Dependency> edges;
  for (std::uint32_t s = 1; s < steps; ++s)
    for (auto n = random() % 4; n > 0; --n)
      edges.push_back({static_cast<std::uint32_t>(random() % s), s});
  return make_topology(steps, edges);
}

class SchedulerOf : public testing::TestWithParam<int> {
 protected:
  ThreadPool pool{GetParam()};
  Crew crew{pool};
  Scheduler make(const Topology& t) { return Scheduler(t, crew, GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Threads, SchedulerOf, testing::Values(1, 2, 8, 64));

TEST_P(SchedulerOf, RunsEachStepOnceInOrder) {
  for (const Topology& t :
       {make_topology(0, {}), make_topology(1, {}), make_topology(2000, {}), layers(1, 1000),
        layers(32, 50), layers(500, 4), random_topology(3000, 1), random_topology(3000, 2)}) {
    Scheduler scheduler = make(t);
    Recorded steps(t);
    for (int run = 1; run <= 20; ++run) {
      EXPECT_FALSE(scheduler(steps).error);
      EXPECT_TRUE(steps.each_ran(run)) << t.size() << " steps, run " << run;
      EXPECT_EQ(steps.out_of_order, 0);
    }
  }
}

TEST_P(SchedulerOf, AStepThatAllOthersWaitForAndOneThatWaitsForAll) {
  std::vector<Dependency> edges;
  for (std::uint32_t i = 1; i <= 10000; ++i) {
    edges.push_back({0, i});
    edges.push_back({i, 10001});
    edges.push_back({i, 10001});  // twice, like the same operand in two places
  }
  const Topology t = make_topology(10002, edges);
  Scheduler scheduler = make(t);
  Recorded steps(t);
  for (int run = 1; run <= 5; ++run) {
    EXPECT_FALSE(scheduler(steps).error);
    EXPECT_TRUE(steps.each_ran(run));
    EXPECT_EQ(steps.out_of_order, 0);
  }
}

TEST_P(SchedulerOf, AFailureEndsTheRunAndTheNextRunIsComplete) {
  const Topology t = layers(8, 100);
  Scheduler scheduler = make(t);
  for (int round = 0; round < 20; ++round) {
    Recorded failing(t);
    failing.body = [&](std::uint32_t step, int) {
      if (step == 123) throw std::runtime_error("step 123");
    };
    const Scheduler::Failure failure = scheduler(failing);
    ASSERT_TRUE(failure.error);
    EXPECT_EQ(failure.step, 123U);
    EXPECT_THROW(std::rethrow_exception(failure.error), std::runtime_error);
    EXPECT_FALSE(failing.each_ran(1));
    Recorded whole(t);
    EXPECT_FALSE(scheduler(whole).error);
    EXPECT_TRUE(whole.each_ran(1));
  }
}

TEST_P(SchedulerOf, LoopsRunEachTaskOnceAndMayNest) {
  const Topology t = layers(3, 20);
  Scheduler scheduler = make(t);
  Recorded steps(t);
  std::atomic<std::int64_t> sum{0};
  steps.body = [&](std::uint32_t, int worker) {
    const Parallel& parallel = scheduler.loops_of(worker);
    parallel(7, [&](std::int64_t a) {
      parallel(5, [&](std::int64_t b) {
        parallel(3, [&](std::int64_t c) { sum.fetch_add(100 * a + 10 * b + c); });
      });
    });
  };
  constexpr std::int64_t once = 100 * 21 * 15 + 10 * 10 * 21 + 3 * 35;
  for (int run = 1; run <= 10; ++run) {
    EXPECT_FALSE(scheduler(steps).error);
    EXPECT_EQ(sum, once * 60 * run);
  }
}

TEST_P(SchedulerOf, AFailingTaskFailsItsStep) {
  const Topology t = layers(2, 3);
  Scheduler scheduler = make(t);
  Recorded steps(t);
  steps.body = [&](std::uint32_t step, int worker) {
    scheduler.loops_of(worker)(100, [&](std::int64_t task) {
      if (step == 2 && task == 57) throw std::invalid_argument("task 57");
    });
  };
  for (int run = 0; run < 10; ++run) {
    const Scheduler::Failure failure = scheduler(steps);
    ASSERT_TRUE(failure.error);
    EXPECT_EQ(failure.step, 2U);
    EXPECT_THROW(std::rethrow_exception(failure.error), std::invalid_argument);
  }
}

TEST_P(SchedulerOf, AnInterruptedLoopStops) {
  const Topology t = make_topology(1, {});
  Scheduler scheduler = make(t);
  Recorded steps(t);
  std::atomic<int> done{0};
  steps.body = [&](std::uint32_t, int worker) {
    scheduler.loops_of(worker)(1'000'000, [&](std::int64_t task) {
      if (task == 10) steps.interrupted = true;
      done.fetch_add(1);
    });
  };
  const Scheduler::Failure failure = scheduler(steps);
  ASSERT_TRUE(failure.error);
  EXPECT_THROW(std::rethrow_exception(failure.error), Interrupted);
  EXPECT_LT(done, 1'000'000);
}

TEST_P(SchedulerOf, HelpersTakeTheCallersRoundingMode) {
  const Topology t = layers(16, 50);
  Scheduler scheduler = make(t);
  Recorded steps(t);
  std::atomic<int> other{0};
  steps.body = [&](std::uint32_t, int) {
    if (std::fegetround() != FE_UPWARD) other.fetch_add(1);
    std::this_thread::sleep_for(std::chrono::microseconds(5));
  };
  std::fesetround(FE_UPWARD);
  EXPECT_FALSE(scheduler(steps).error);
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(other, 0);
}

/// The number of steps that helpers ran in the first run in which they ran any; on a busy machine,
/// none may come at first.
int by_helpers(const Topology& t, int first_step_milliseconds) {
  ThreadPool pool(2);
  Crew crew(pool);
  Scheduler scheduler(t, crew, 2);
  Recorded steps(t);
  std::atomic<int> helped{0};
  steps.body = [&](std::uint32_t step, int worker) {
    helped.fetch_add(worker);
    std::this_thread::sleep_for(std::chrono::milliseconds(step == 0 ? first_step_milliseconds : 1));
  };
  for (int run = 0; run < 100 && helped == 0; ++run) EXPECT_FALSE(scheduler(steps).error);
  return helped;
}

TEST(Scheduler, HelpersCome) { EXPECT_GT(by_helpers(make_topology(100, {}), 1), 0); }

TEST(Scheduler, HelpersThatHadLeftComeBackForWorkThatAppearsLate) {
  std::vector<Dependency> edges;
  for (std::uint32_t i = 1; i <= 50; ++i) edges.push_back({0, i});
  EXPECT_GT(by_helpers(make_topology(51, edges), 20), 0);
}

/// Waits until `ready()`, but not for ever: on a busy machine, no helper may come. Returns whether
/// it became ready.
template <class F>
bool came_true(F&& ready) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  while (!ready()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A helper runs a loop of two tasks, which wait until they run at the same time: it takes the
/// second of them, so that the caller finds the first, which it would take in a loop of its own.
TEST(Scheduler, WorkersBeginLoopsWithTheSameTasks) {
  ThreadPool pool(2);
  Crew crew(pool);
  const Topology t = make_topology(2, {});
  Scheduler scheduler(t, crew, 2);
  Recorded steps(t);
  const std::thread::id caller = std::this_thread::get_id();
  std::array<int, 2> by_caller{};
  std::atomic<bool> posted{false};
  steps.body = [&](std::uint32_t, int worker) {
    if (worker == 0) return static_cast<void>(came_true([&] { return posted.load(); }));
    std::array<std::atomic<bool>, 2> here{};
    std::atomic<bool> late{false};
    posted = true;
    scheduler.loops_of(worker)(2, [&](std::int64_t task) {
      const auto i = static_cast<std::size_t>(task);
      here[i] = true;
      if (late || !came_true([&] { return here[1 - i].load(); })) late = true;
      if (!late && std::this_thread::get_id() == caller) ++by_caller[i];
    });
  };
  for (int run = 0; run < 100 && by_caller[0] < 5; ++run) {
    posted = false;
    EXPECT_FALSE(scheduler(steps).error);
  }
  EXPECT_GT(by_caller[0], 0);
  EXPECT_EQ(by_caller[1], 0);
}

TEST(Scheduler, UsesNoMoreWorkersThanAllowed) {
  ThreadPool pool(8);
  Crew crew(pool);
  const Topology t = make_topology(200, {});
  Scheduler scheduler(t, crew, 3);
  Recorded steps(t);
  std::atomic<int> now{0}, most{0};
  steps.body = [&](std::uint32_t, int worker) {
    EXPECT_LT(worker, 3);
    const int here = now.fetch_add(1) + 1;
    for (int m = most; here > m && !most.compare_exchange_weak(m, here);) {
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    now.fetch_sub(1);
  };
  EXPECT_FALSE(scheduler(steps).error);
  EXPECT_LE(most, 3);
}

TEST(Scheduler, ManyRunsOfOneCrewAtOnce) {
  ThreadPool pool(4);
  Crew crew(pool);
  const Topology t = layers(8, 20);
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int c = 0; c < 40; ++c) {  // more than the crew's board has places
    callers.emplace_back([&] {
      Scheduler scheduler(t, crew, 4);
      Recorded steps(t);
      for (int run = 1; run <= 20; ++run)
        if (scheduler(steps).error || !steps.each_ran(run)) wrong.fetch_add(1);
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
