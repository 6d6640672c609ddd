#include "src/exec/compiled.hpp"

#include <new>

#include "dagrad/error.hpp"

namespace dagrad::detail {

ContextPool::Lease::~Lease() {
  context_->clear();
  pool_.give_back(std::move(context_));
}

ContextPool::~ContextPool() { delete last_.load(std::memory_order_acquire); }

std::unique_ptr<RunContext> ContextPool::take() {
  if (RunContext* const last = last_.exchange(nullptr, std::memory_order_acquire))
    return std::unique_ptr<RunContext>(last);
  {
    const std::lock_guard lock(mutex_);
    if (!waiting_.empty()) {
      std::unique_ptr<RunContext> context = std::move(waiting_.back());
      waiting_.pop_back();
      return context;
    }
  }
  return std::make_unique<RunContext>(plan_);
}

void ContextPool::give_back(std::unique_ptr<RunContext> context) noexcept {
  RunContext* none = nullptr;
  if (last_.compare_exchange_strong(none, context.get(), std::memory_order_release,
                                    std::memory_order_relaxed)) {
    static_cast<void>(context.release());
    return;
  }
  const std::lock_guard lock(mutex_);
  try {
    waiting_.push_back(std::move(context));
  } catch (const std::bad_alloc&) {  // dropped: the next run makes a new context
  }
}

void Compiled::require_const() const {
  if (updates())
    throw ArgumentError("this function updates parameters: pass a State that is not const");
}

}  // namespace dagrad::detail
