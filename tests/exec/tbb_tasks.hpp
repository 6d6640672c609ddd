#pragma once

#include <atomic>
#include <memory>

/// TBB as a user has it at work beside dagrad. The source is not built for the thread sanitizer,
/// which sees nothing of TBB's own order.
namespace dagrad::test {

/// Calls `call(context)` `n` times by a `parallel_for`, in an arena of so many threads; 0: in the
/// one that the caller is in.
void run_tasks(int threads, int n, void (*call)(void* context), void* context);

template <class F>
void in_tasks(int threads, int n, F body) {
  static std::atomic<int> order{0};  // what the thread sanitizer sees
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

/// Keeps all of TBB's threads at other work for as long as it lives.
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
