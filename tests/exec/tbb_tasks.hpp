#pragma once

#include <atomic>
#include <memory>

/// Uses TBB beside dagrad, as a user's program may. The source is not built for the thread
/// sanitizer, which cannot see how TBB orders its threads.
namespace dagrad::test {

/// Calls `call(context)` `n` times in a `parallel_for`, in an arena of `threads` threads; 0: in the
/// caller's arena.
void run_tasks(int threads, int n, void (*call)(void* context), void* context);

template <class F>
void in_tasks(int threads, int n, F body) {
  static std::atomic<int> order{0};  // shows the order to the thread sanitizer
  order.fetch_add(1, std::memory_order_acq_rel);
  run_tasks(
      threads, n,
      [](void* context) {
        order.load(std::memory_order_acquire);
        (*static_cast<F*>(context))();
        order.fetch_add(1, std::memory_order_release);
      },
      &body);
  order.load(std::memory_order_acquire);
}

/// Keeps all of TBB's threads busy while it exists.
class Busy {
 public:
  Busy();
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy();

 private:
  struct Tasks;
  std::unique_ptr<Tasks> tasks_;
};

}  // namespace dagrad::test
