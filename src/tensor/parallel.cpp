#include "dagrad/parallel.hpp"

namespace dagrad {

void Parallel::run_ranges(std::int64_t n, std::int64_t grain, Range body,
                          const void* context) const {
  const std::int64_t tasks = (n + grain - 1) / grain;
  if (tasks <= 1) {
    if (n > 0) body(context, 0, n);
    return;
  }
  (*this)(tasks, [&](std::int64_t task) {
    body(context, task * grain, task + 1 == tasks ? n : (task + 1) * grain);
  });
}

}  // namespace dagrad
