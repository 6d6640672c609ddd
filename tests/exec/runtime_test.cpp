#include <dagrad/compile.hpp>
#include <dagrad/runtime.hpp>

#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/exec/test_ops.hpp"
#include "tests/exec/watchdog.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;

struct Lines {
  std::vector<std::pair<LogLevel, std::string>> lines;
  auto sink() {
    return [this](LogLevel level, std::string_view text) { lines.emplace_back(level, text); };
  }
};

Function compile_something(Runtime& runtime) {
  Graph g;
  const Value x = g.input("x", {f64, {2}});
  return compile({tanh(tanh(x * 2)) + x}, {.runtime = &runtime, .passes = {}});
}

TEST(Log, IsQuietUnlessAsked) {
  Runtime runtime;
  Lines log;
  runtime.set_log_sink(log.sink());
  compile_something(runtime);
  EXPECT_TRUE(log.lines.empty());
}

TEST(Log, ReportsEachCompile) {
  Runtime runtime({.log_level = LogLevel::info});
  Lines log;
  runtime.set_log_sink(log.sink());
  const Function f = compile_something(runtime);
  compile_something(runtime);
  ASSERT_EQ(log.lines.size(), 2U);
  EXPECT_EQ(log.lines[0].first, LogLevel::info);
  const std::string& first = log.lines[0].second;
  EXPECT_EQ(first.find("compiled 4 nodes: "), 0U) << first;
  EXPECT_NE(first.find(", arena " + std::to_string(f.peak_bytes()) + " bytes, "), std::string::npos)
      << first;
  EXPECT_NE(first.find(" ms"), std::string::npos) << first;
  EXPECT_EQ(log.lines[1].second.find("compiled 4 nodes: 0 loops assembled, 3 cached"), 0U)
      << log.lines[1].second;
  runtime.set_log_level(LogLevel::warning);
  compile_something(runtime);
  EXPECT_EQ(log.lines.size(), 2U);
}

TEST(Log, GoesToStandardErrorByItself) {
  Runtime runtime({.log_level = LogLevel::info});
  testing::internal::CaptureStderr();
  compile_something(runtime);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("compiled 4 nodes"), std::string::npos);
}

TEST(Log, ASinkMayCompileRunAndSetAnotherSink) {
  const Watchdog watchdog;
  Runtime runtime({.log_level = LogLevel::info});
  int told = 0;
  runtime.set_log_sink([&](LogLevel, std::string_view) {
    ++told;
    const Function f = compile_something(runtime);
    EXPECT_EQ(f({{"x", Tensor::of({0.0, 0.0})}})[0].at(0), 0);
    if (told == 2) runtime.set_log_sink([&](LogLevel, std::string_view) { told += 10; });
  });
  testing::internal::CaptureStderr();
  compile_something(runtime);
  compile_something(runtime);
  const std::string rest = testing::internal::GetCapturedStderr();
  EXPECT_EQ(told, 2) << "the sink does not get lines that it causes itself";
  EXPECT_NE(rest.find("compiled 4 nodes"), std::string::npos) << "these go to standard error";
  compile_something(runtime);
  EXPECT_EQ(told, 12);
}

TEST(Log, SinksOfTwoRuntimesMayCompileOnEachOther) {
  const Watchdog watchdog;
  Runtime a({.log_level = LogLevel::info}), b({.log_level = LogLevel::info});
  int told_a = 0, told_b = 0;
  a.set_log_sink([&](LogLevel, std::string_view) {
    ++told_a;
    compile_something(b);
  });
  b.set_log_sink([&](LogLevel, std::string_view) {
    ++told_b;
    compile_something(a);
  });
  testing::internal::CaptureStderr();
  compile_something(a);
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(told_a, 1);
  EXPECT_EQ(told_b, 1);
}

TEST(Log, ASinkMayWaitForAnotherThreadThatCompiles) {
  const Watchdog watchdog;
  Runtime runtime({.log_level = LogLevel::info});
  std::atomic<int> told{0};
  runtime.set_log_sink([&](LogLevel, std::string_view) {
    if (told.fetch_add(1) == 0) std::thread([&] { compile_something(runtime); }).join();
  });
  compile_something(runtime);
  EXPECT_EQ(told, 2);
}

TEST(Log, ASinkThatThrowsFailsNothing) {
  Runtime runtime({.log_level = LogLevel::info});
  int told = 0;
  runtime.set_log_sink([&](LogLevel, std::string_view) {
    ++told;
    throw std::runtime_error("full");
  });
  testing::internal::CaptureStderr();
  compile_something(runtime);
  compile_something(runtime);
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(told, 2);
}

TEST(CodeCache, IsBoundedWithoutAffectingFunctions) {
  Runtime runtime({.code_cache_bytes = 64 << 10});
  Graph g;
  const Value x = g.input("x", {f64, {2}});
  std::vector<Function> functions;
  for (int i = 0; i < 200; ++i) {
    const auto formula = elementwise("added", [i](auto a) {
      for (int k = 0; k < i; ++k) a = a + 1;
      return a;
    });
    functions.push_back(compile({formula(x)}, {.runtime = &runtime}));
    EXPECT_LE(runtime.code_cache().bytes, 64 << 10);
  }
  const Runtime::CodeCache counts = runtime.code_cache();
  EXPECT_EQ(counts.assembled + counts.interpreted, 200);
  EXPECT_GT(counts.evicted, 100);
  double wanted = 2;
  for (const Function& f : functions)
    EXPECT_EQ(f({{"x", Tensor::of({1.0, 2.0})}})[0].at(1), wanted++);
}

TEST(Runtime, HasTheRequestedNumberOfThreads) {
  EXPECT_EQ(Runtime({.threads = 1}).threads(), 1);
  EXPECT_EQ(Runtime({.threads = 64}).threads(), 64);
  EXPECT_GE(Runtime().threads(), 1);
  EXPECT_EQ(&Runtime::shared(), &Runtime::shared());
  EXPECT_EQ(Runtime::shared().instruction_set(), best_instruction_set());
}

TEST(Runtime, RefusesNonsense) {
  const auto text = [](const RuntimeOptions& options) {
    return thrown<ArgumentError>([&] { const Runtime runtime(options); });
  };
  EXPECT_EQ(text({.threads = -1}),
            "Runtime: threads must be from 1 to 1024, or 0 for one per core, got -1");
  EXPECT_EQ(text({.threads = 1'000'000}),
            "Runtime: threads must be from 1 to 1024, or 0 for one per core, got 1000000");
  if (available(InstructionSet::avx512)) return;
  EXPECT_EQ(text({.instruction_set = InstructionSet::avx512}),
            "this machine, or this build of dagrad, cannot run avx512");
}

TEST(Runtime, OfTheCallersArenaRunsThere) {
  tbb::task_arena mine(2);
  std::set<int> slots;
  std::mutex mutex;
  mine.execute([&] {
    Runtime runtime({.current_arena = true});
    EXPECT_EQ(runtime.threads(), 2);
    Graph g;
    const Value x = g.input("x", {f64, {1}});
    std::vector<Value> branches;
    for (int i = 0; i < 40; ++i) {
      branches.push_back(hook(costly(x), [&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        const std::lock_guard lock(mutex);
        slots.insert(tbb::this_task_arena::max_concurrency() == 2
                         ? tbb::this_task_arena::current_thread_index()
                         : -1);
      }));
    }
    const Function f = compile({add_n(branches)}, {.runtime = &runtime});
    EXPECT_EQ(f({{x, Tensor::of({1.0})}})[0].at(0), 40);
  });
  EXPECT_FALSE(slots.contains(-1)) << "a thread was not in the arena";
  EXPECT_FALSE(slots.empty());
}

TEST(Runtime, MayBeMadeAndDestroyedRepeatedly) {
  for (int i = 0; i < 20; ++i) {
    Runtime runtime({.threads = 2});
    Graph g;
    const Value x = g.input("x", {f64, {2}});
    std::vector<Value> branches;
    for (int k = 0; k < 8; ++k) branches.push_back(costly(x + k));
    EXPECT_EQ(
        compile({add_n(branches)}, {.runtime = &runtime})({{x, Tensor::of({1.0, 2.0})}})[0].at(0),
        36);
  }
}

}  // namespace
