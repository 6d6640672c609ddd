#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

#include "dagrad/config.hpp"

namespace dagrad {

/// Splits work over the pool of the run. How much work a task holds must depend on shapes alone,
/// never on the number of threads: that is what makes results the same bits on any of them.
class Parallel {
 public:
  virtual ~Parallel() = default;

  /// Calls `body(task)` once for each task in [0, tasks), in any order, on any threads, and returns
  /// when all are done. The first exception that a body throws is thrown here.
  template <class F>
  void operator()(std::int64_t tasks, F&& body) const {
    run(
        tasks,
        [](const void* context, std::int64_t task) {
          (*static_cast<std::remove_reference_t<F>*>(const_cast<void*>(context)))(task);
        },
        std::addressof(body));
  }

  /// Calls `body(begin, end)` over [0, n) in pieces of `grain`.
  template <class F>
  void ranges(std::int64_t n, std::int64_t grain, F&& body) const {
    const std::int64_t tasks = (n + grain - 1) / grain;
    if (tasks <= 1) {
      if (n > 0) body(std::int64_t{0}, n);
      return;
    }
    (*this)(tasks, [&](std::int64_t task) {
      body(task * grain, task + 1 == tasks ? n : (task + 1) * grain);
    });
  }

 protected:
  using Body = void (*)(const void* context, std::int64_t task);
  virtual void run(std::int64_t tasks, Body body, const void* context) const = 0;
};

/// All tasks on the calling thread, in order.
class Inline final : public Parallel {
 protected:
  void run(std::int64_t tasks, Body body, const void* context) const override {
    for (std::int64_t task = 0; task < tasks; ++task) body(context, task);
  }
};

}  // namespace dagrad
