#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "dagrad/error.hpp"
#include "dagrad/runtime.hpp"
#include "tests/allocations.hpp"

/// Lets every allocation of an operation fail in turn. The operation works on a *world*: `make()`
/// returns a new one, `world.run()` is the operation, and `world.text()` is everything that can be
/// observed of the world.
namespace dagrad::test {

struct Attempt {
  bool failed = false;  ///< whether an allocation failed
  bool threw = false;
};

/// Runs with failures. Exceptions must be bad_alloc or errors of dagrad.
template <class World>
Attempt attempt(World& world, std::int64_t n, Failures failures) {
  Attempt result;
  std::string wrong;
  {
    const FailingNew failing(n, failures);
    try {
      world.run();
    } catch (const std::bad_alloc&) {
      result.threw = true;
    } catch (const Error&) {
      result.threw = true;
    } catch (...) {
      result.threw = true;
      wrong = "threw neither bad_alloc nor a dagrad::Error";
    }
    result.failed = failing.failed();
  }
  EXPECT_EQ(wrong, "") << "allocation " << n;
  EXPECT_TRUE(result.failed || !result.threw) << "threw without a failure, at allocation " << n;
  return result;
}

/// One attempt, after which the world must be unchanged and behave like a new one. Returns false if
/// no allocation failed any more.
template <class Make>
bool survives_at(Make& make, const std::string& fresh, const std::string& expected, std::int64_t n,
                 Failures failures) {
  auto world = make();
  const Attempt first = attempt(world, n, failures);
  if (first.threw) {
    EXPECT_EQ(world.text(), fresh) << "after a failure of allocation " << n;
    world.run();
  }
  EXPECT_EQ(world.text(), expected) << "with a failure of allocation " << n;
  return first.failed;
}

/// Expects that after the failure of any allocation there is a clean error, the world is unchanged,
/// later runs give the right result, and no memory leaks. Returns the number of allocations of the
/// operation.
template <class Make>
std::int64_t survives(Make make) {
  static const Runtime first;  // TBB hangs after its own initialisation has failed
  // Without a run before it, so that allocations made once per process or Runtime fail too.
  const std::string fresh = make().text();
  std::string expected;
  for (std::int64_t n = 1;; ++n) {
    auto world = make();
    if (attempt(world, n, Failures::one).threw) continue;
    expected = world.text();
    break;
  }
  std::int64_t most = 0;
  for (const Failures failures : {Failures::one, Failures::from_there}) {
    bool failed = true;
    for (std::int64_t n = 1; failed && !testing::Test::HasFailure(); ++n) {
      std::int64_t leaked = 1;
      for (int tries = 0; tries < 4 && leaked != 0;
           ++tries) {  // caches may grow, but not without end
        const std::int64_t before = live_allocations();
        failed = survives_at(make, fresh, expected, n, failures);
        leaked = live_allocations() - before;
      }
      EXPECT_EQ(leaked, 0) << "after a failure of allocation " << n;
      most = n;
    }
  }
  return most;
}

}  // namespace dagrad::test
