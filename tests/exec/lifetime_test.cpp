// Runtimes may be constructed and destroyed anywhere: no run and no destructor waits for a thread
// that does not come.

#include <dagrad/compile.hpp>
#include <dagrad/runtime.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "tests/exec/tbb_tasks.hpp"
#include "tests/exec/test_ops.hpp"
#include "tests/exec/watchdog.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;

/// A function with work for several threads, which returns 36 for an input of 1.
Function wide(Runtime& runtime) {
  Graph g;
  const Value x = g.input("x", {f64, {1}});
  std::vector<Value> branches;
  for (int k = 0; k < 8; ++k) branches.push_back(costly(prefix(tanh(x * 0) + costly(x + k))));
  return compile({add_n(branches)}, {.runtime = &runtime});
}

bool works(const Function& f) { return f({{"x", Tensor::of({1.0})}})[0].at(0) == 36; }

TEST(Lifetime, InTasksOfTbb) {
  const Watchdog watchdog;
  std::atomic<int> right{0};
  in_tasks(0, 24, [&] {
    Runtime runtime({.threads = 4});
    right += works(wide(runtime));
  });
  EXPECT_EQ(right, 24);
}

TEST(Lifetime, InTasksOfTheCallersArena) {
  const Watchdog watchdog;
  std::atomic<int> right{0};
  in_tasks(4, 24, [&] {
    Runtime runtime({.current_arena = true});
    right += works(wide(runtime));
  });
  EXPECT_EQ(right, 24);
}

TEST(Lifetime, WhileTbbsThreadsAreBusy) {
  const Watchdog watchdog;
  {
    const Busy busy;
    for (int i = 0; i < 10; ++i) {
      Runtime runtime({.threads = 4});
      EXPECT_TRUE(works(wide(runtime)));
    }
  }
  // Now the helpers that were called come, and find that their crews have ended.
  Runtime runtime({.threads = 4});
  const Function f = wide(runtime);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(works(f));
}

TEST(Lifetime, OfFunctionsBeyondTheirRuntimes) {
  const Watchdog watchdog;
  std::vector<Function> functions;
  for (int i = 0; i < 20; ++i) {
    Runtime runtime({.threads = 4});
    functions.push_back(wide(runtime));
    EXPECT_TRUE(works(functions.back()));
  }
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < functions.size(); i += 4) {
        right += works(functions[i]);
        functions[i] = Function();  // its crew ends too, on this thread
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 20);
}

TEST(Lifetime, OfManyAtOnce) {
  const Watchdog watchdog;
  Runtime common({.threads = 8});
  const Function shared = wide(common);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        Runtime runtime({.threads = 3});
        right += works(wide(runtime)) && works(shared);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 60);
}

// ---- forked children, which have none of TBB's threads

#if defined(__SANITIZE_ADDRESS__)
constexpr bool leaks_are_sought = true;
#elif defined(__has_feature)
constexpr bool leaks_are_sought = __has_feature(address_sanitizer);
#else
constexpr bool leaks_are_sought = false;
#endif

/// Runs `body` in a child process with a watchdog; returns its exit status, which is 0 if `body`
/// returns true.
template <class F>
int in_child(F&& body, void (*end)(int) = _exit) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const Watchdog watchdog;
    bool right = false;
    try {
      right = body();
    } catch (...) {
    }
    end(right ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

TEST(Fork, AChildUsesAndDestroysItsParentsObjects) {
  auto runtime = std::make_unique<Runtime>(RuntimeOptions{.threads = 4});
  Function f = wide(*runtime);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(works(f));  // helpers now linger for a while
    EXPECT_EQ(in_child([&] {
                bool right = works(f) && works(wide(*runtime)) && works(wide(Runtime::shared()));
                runtime.reset();
                right = right && works(f);
                f = Function();
                return right;
              }),
              0);
  }
  EXPECT_TRUE(works(f)) << "the parent goes on";
}

TEST(Fork, AChildMakesItsOwnRuntimes) {
  Runtime parents({.threads = 4});
  ASSERT_TRUE(works(wide(parents)));
  const auto makes = [](RuntimeOptions options) {
    Runtime runtime(options);
    const Function f = wide(runtime);
    return works(f) && works(f);
  };
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(in_child([&] { return makes({.threads = 4}) && makes({.current_arena = true}); }), 0);
}

TEST(Fork, WhileAnotherThreadAndItsHelpersRun) {
  Runtime runtime({.threads = 4});
  const Function g = wide(runtime);
  BoundRun run = wide(runtime).bind();
  run.feed("x", Tensor::of({1.0}));
  std::atomic<bool> over{false};
  // The thread only runs what is bound. It neither compiles nor allocates, since it might hold the
  // Runtime's locks or those of the allocator during a fork, and the child uses both.
  std::thread other([&] {
    while (!over) run();
  });
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(works(g));
    EXPECT_EQ(in_child([&] { return works(g) && works(wide(runtime)); }), 0);
  }
  over = true;
  other.join();
  EXPECT_EQ(run.fetch(0).as<double>()[0], 36);
}

TEST(Fork, AChildEndsByExit) {
  if (leaks_are_sought) GTEST_SKIP() << "the leak checker would also search threads of the parent";
  ASSERT_TRUE(works(wide(Runtime::shared())));
  static Runtime mine({.threads = 4});
  static const Function f = wide(mine);  // both end in the child as well
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(works(f));
    EXPECT_EQ(in_child([&] { return works(f) && works(wide(Runtime::shared())); }, std::exit), 0);
  }
}

TEST(Fork, AGrandchildToo) {
  Runtime runtime({.threads = 4});
  const Function f = wide(runtime);
  ASSERT_TRUE(works(f));
  EXPECT_EQ(in_child([&] { return works(f) && in_child([&] { return works(f); }) == 0; }), 0);
}

}  // namespace
