#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

#include "dagrad/config.hpp"

namespace dagrad {

/// Distributes work over the thread pool of the run. The division into tasks must depend only on
/// shapes, never on the number of threads, so that results have the same bits for any number of
/// threads.
class Parallel {
 public:
  virtual ~Parallel() = default;

  /// Calls `body(task)` once for each task in [0, tasks), in any order and on any threads, and
  /// returns when all are done. Rethrows the first exception that a body throws.
  template <class F>
  void operator()(std::int64_t tasks, F&& body) const {
    run(
        tasks,
        [](const void* context, std::int64_t task) {
          (*static_cast<std::remove_reference_t<F>*>(const_cast<void*>(context)))(task);
        },
        std::addressof(body));
  }

  /// Calls `body(begin, end)` for pieces of [0, n) of size `grain`.
  template <class F>
  void ranges(std::int64_t n, std::int64_t grain, F&& body) const {
    run_ranges(
        n, grain,
        [](const void* context, std::int64_t begin, std::int64_t end) {
          (*static_cast<std::remove_reference_t<F>*>(const_cast<void*>(context)))(begin, end);
        },
        std::addressof(body));
  }

 protected:
  using Body = void (*)(const void* context, std::int64_t task);
  virtual void run(std::int64_t tasks, Body body, const void* context) const = 0;

 private:
  using Range = void (*)(const void* context, std::int64_t begin, std::int64_t end);
  /// Not inline, so that a body is compiled once, and not also for a single piece.
  void run_ranges(std::int64_t n, std::int64_t grain, Range body, const void* context) const;
};

/// Runs all tasks on the calling thread, in order.
class Inline final : public Parallel {
 protected:
  void run(std::int64_t tasks, Body body, const void* context) const override {
    for (std::int64_t task = 0; task < tasks; ++task) body(context, task);
  }
};

}  // namespace dagrad
