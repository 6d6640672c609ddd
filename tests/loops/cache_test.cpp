#include "src/loops/cache.hpp"

#include <gtest/gtest.h>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "tests/loops/support.hpp"

namespace dagrad::loops {
namespace {

Program scaled(double factor, int adds = 0) {
  Recorder recorder;
  Symbol x = recorder.input(f64);
  for (int i = 0; i < adds; ++i) x = x + x;
  const Symbol result[] = {x * factor};
  return *std::move(recorder).finish(result, f64);
}

double run_one(const detail::Loop& loop, const Program& program, double x) {
  const void* in[] = {&x};
  double y = 0;
  void* out[] = {&y};
  loop.run(program, in, out, 1);
  return y;
}

constexpr std::int64_t dense[] = {1};
constexpr std::int64_t repeated[] = {0};

TEST(LoopCache, ProgramsThatDifferInConstantsShareALoop) {
  for (InstructionSet set : {InstructionSet::plain, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!available(set)) continue;
    detail::LoopCache cache(set);
    const Program twice = scaled(2), thrice = scaled(3);
    const auto a = cache.get(twice, dense), b = cache.get(thrice, dense);
    EXPECT_EQ(a, b);
    EXPECT_EQ(run_one(*a, twice, 7), 14);
    EXPECT_EQ(run_one(*b, thrice, 7), 21);
    EXPECT_EQ(cache.counts().reused, 1);
    const bool assembled = DAGRAD_XBYAK && set != InstructionSet::plain;
    EXPECT_EQ(cache.counts().assembled, assembled ? 1 : 0);
    EXPECT_EQ(cache.counts().interpreted, assembled ? 0 : 1);
    EXPECT_EQ(cache.counts().bytes > 0, assembled);
  }
}

TEST(LoopCache, NarrowProgramsAreAssembled) {
  Recorder recorder;
  const Symbol x = recorder.input(f16), result[] = {x * 0.5};
  const Program half = *std::move(recorder).finish(result, f16);
  for (InstructionSet set : assembled_sets()) {
    detail::LoopCache cache(set);
    const Float16 number(3);
    Float16 y{};
    const void* in[] = {&number};
    void* out[] = {&y};
    cache.get(half, dense)->run(half, in, out, 1);
    EXPECT_EQ(static_cast<float>(y), 1.5F);
    EXPECT_EQ(cache.counts().assembled, 1);
  }
}

TEST(LoopCache, OtherStructureDtypeOrStrideIsAnotherLoop) {
  detail::LoopCache cache(InstructionSet::plain);
  const auto a = cache.get(scaled(2), dense);
  EXPECT_NE(a, cache.get(scaled(2), repeated));
  EXPECT_NE(a, cache.get(scaled(2, 1), dense));
  Program narrow = scaled(2);
  for (Instruction& step : narrow.steps) step.dtype = f32;
  narrow.inputs[0] = f32;
  EXPECT_NE(a, cache.get(narrow, dense));
  Program twice_out = scaled(2);
  twice_out.outputs.push_back(0);
  EXPECT_NE(a, cache.get(twice_out, dense));
  EXPECT_EQ(cache.counts().interpreted, 5);
  EXPECT_EQ(cache.counts().reused, 0);
}

TEST(LoopCache, PairsOfVectorsHaveLoopsOfTheirOwnForEachLength) {
  for (InstructionSet set : assembled_sets()) {
    detail::LoopCache cache(set);
    const auto any = cache.get(scaled(2), dense);
    for (const std::int64_t n : {1, 8, 17, 1000}) EXPECT_EQ(cache.get(scaled(2), dense, n), any);
    const auto of_nine = cache.get(scaled(2), dense, 9);
    EXPECT_EQ(of_nine != any, set == InstructionSet::avx512) << name(set);
    EXPECT_EQ(of_nine != cache.get(scaled(2), dense, 16), set == InstructionSet::avx512);
    EXPECT_EQ(of_nine, cache.get(scaled(3), dense, 9));
  }
}

TEST(LoopCache, ManyThreadsAssembleEachLoopOnce) {
  detail::LoopCache cache(best_instruction_set());
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const int adds = i % 20;
        const Program program = scaled(3, adds);
        EXPECT_EQ(run_one(*cache.get(program, dense), program, 1), 3 * std::ldexp(1, adds));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto counts = cache.counts();
  EXPECT_EQ(counts.assembled + counts.interpreted, 20);
  EXPECT_EQ(counts.reused, 8 * 200 - 20);
}

TEST(LoopCache, KeepsTheMostRecentlyUsedLoops) {
  for (InstructionSet set : {InstructionSet::plain, best_instruction_set()}) {
    std::size_t each = 0;
    {
      detail::LoopCache all(set);
      all.get(scaled(2, 9), dense);
      each = 64 + 1024 + all.get(scaled(2, 9), dense)->held_bytes();  // or slightly less
    }
    detail::LoopCache cache(set, 4 * each);
    const auto misses = [&](int adds) {
      const std::int64_t before = cache.counts().reused;
      cache.get(scaled(2, adds), dense);
      return cache.counts().reused == before;
    };
    const auto first = cache.get(scaled(2, 0), dense);
    for (int adds = 1; adds < 40; ++adds) {
      EXPECT_TRUE(misses(adds));
      EXPECT_FALSE(misses(0)) << "used repeatedly";
      EXPECT_FALSE(misses(adds));
    }
    EXPECT_TRUE(misses(1));
    EXPECT_GT(cache.counts().evicted, 30);
    for (int adds = 100; adds < 140; ++adds) misses(adds);
    EXPECT_NE(cache.get(scaled(2, 0), dense), first);
    EXPECT_EQ(run_one(*first, scaled(2, 0), 7), 14) << "a loop in use stays alive";
  }
}

TEST(LoopCache, WithoutRoomKeepsNothingButStillReturnsLoops) {
  detail::LoopCache cache(best_instruction_set(), 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run_one(*cache.get(scaled(3), dense), scaled(3), 7), 21);
  EXPECT_EQ(cache.counts().assembled + cache.counts().interpreted, 3);
  EXPECT_EQ(cache.counts().evicted, 3);
  EXPECT_EQ(cache.counts().bytes, 0);
}

TEST(LoopCache, ManyThreadsRunLoopsThatAreEvicted) {
  detail::LoopCache cache(best_instruction_set(), 32 << 10);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        const int adds = (7 * i + t) % 50;
        const Program program = scaled(3, adds);
        EXPECT_EQ(run_one(*cache.get(program, dense), program, 1), 3 * std::ldexp(1, adds));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.counts().bytes, 32 << 10);
}

#if defined(__linux__)
/// Size of anonymous executable memory in bytes.
std::size_t executable_bytes() {
  std::ifstream maps("/proc/self/maps");
  std::size_t sum = 0;
  for (std::string line; std::getline(maps, line);) {
    std::size_t begin = 0, end = 0;
    char rights[5] = {};
    unsigned long inode = 1;
    if (std::sscanf(line.c_str(), "%zx-%zx %4s %*s %*s %lu", &begin, &end, rights, &inode) == 4 &&
        std::string_view(rights) == "r-xp" && inode == 0)
      sum += end - begin;
  }
  return sum;
}

TEST(LoopCache, ReturnsPagesToTheSystem) {
  const std::size_t before = executable_bytes();
  detail::LoopCache cache(best_instruction_set(), 256 << 10);
  for (int adds = 0; adds < 500; ++adds) cache.get(scaled(2, adds), dense);
  EXPECT_LE(executable_bytes(), before + (256 << 10));
  EXPECT_EQ(executable_bytes() > before, cache.counts().assembled > 0);
}
#endif

TEST(LoopCache, LargeProgramsAreAssembled) {  // far more code than the first buffer holds
  const Program program = scaled(1, 5000);
  for (InstructionSet set : assembled_sets()) {
    const detail::Loop loop(program, dense, set);
    EXPECT_GT(loop.code_bytes(), 40'000U);
    EXPECT_EQ(run_one(loop, program, 0x1p-1022), INFINITY);
    EXPECT_EQ(run_one(loop, program, 0), 0);
  }
}

TEST(LoopCache, ProgramsTooWideForTheStackAreInterpreted) {
  Recorder recorder;
  const Symbol x = recorder.input(f64);
  std::vector<Symbol> values{x};
  for (int i = 1; i < 3000; ++i) values.push_back(values.back() + x);
  Symbol sum = values.back();  // uses the last value first, so that all are live at once
  for (std::size_t i = values.size() - 1; i-- > 0;) sum = sum + values[i];
  const Symbol result[] = {sum};
  const Program program = *std::move(recorder).finish(result, f64);
  detail::LoopCache cache(best_instruction_set());
  const auto loop = cache.get(program, dense);
  EXPECT_EQ(cache.counts().interpreted, 1);
  EXPECT_EQ(run_one(*loop, program, 2), 3000.0 * 3001.0);
}

#if defined(__linux__) && defined(__x86_64__)
/// Exits with 0 if a loop works although no memory may become executable, with 1 if it does not,
/// and with 2 if the kernel does not support this restriction.
[[noreturn]] void run_without_executable_memory() {
  constexpr int set_mdwe = 65, refuse_exec_gain = 1;
  if (prctl(set_mdwe, refuse_exec_gain, 0L, 0L, 0L) != 0) std::_Exit(2);
  detail::LoopCache cache(best_instruction_set());
  const Program program = scaled(3);
  const auto loop = cache.get(program, dense);
  const auto counts = cache.counts();
  std::_Exit(counts.interpreted == 1 && counts.bytes == 0 && run_one(*loop, program, 7) == 21 ? 0
                                                                                              : 1);
}

TEST(LoopCache, LoopsAreInterpretedWithoutExecutableMemory) {
  EXPECT_EXIT(
      run_without_executable_memory(),
      [](int status) { return WIFEXITED(status) && WEXITSTATUS(status) != 1; }, "");
}
#endif

#if defined(__SANITIZE_ADDRESS__)
TEST(LoopCache, TheAddressSanitizerDetectsShortOperands) {
  const Program program = scaled(3);
  const detail::Loop loop(program, dense, best_instruction_set());
  std::vector<double> x(100), y(99);
  const void* in[] = {x.data()};
  void* out[] = {y.data()};
  EXPECT_DEATH(loop.run(program, in, out, 100), "heap-buffer-overflow");
}
#endif

}  // namespace
}  // namespace dagrad::loops
