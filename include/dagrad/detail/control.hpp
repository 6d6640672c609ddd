#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

#include "dagrad/config.hpp"

namespace dagrad::detail {

struct GraphData;

/// A number of references, which any thread may change. Like `std::shared_ptr`, it needs no atomic
/// operation while the process has a single thread; graphs are mostly built then.
class ReferenceCount {
 public:
  void add() {
    if (is_single_threaded())
      count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    else
      count_.fetch_add(1, std::memory_order_relaxed);
  }
  /// Returns whether this was the last one.
  bool remove() {
    if (!is_single_threaded()) return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
    const std::int64_t left = count_.load(std::memory_order_relaxed) - 1;
    count_.store(left, std::memory_order_relaxed);
    return left == 0;
  }

 private:
  static bool is_single_threaded() {
#if __has_include(<sys/single_threaded.h>)
    return __libc_single_threaded != 0;
#else
    return false;
#endif
  }
  std::atomic<std::int64_t> count_{1};
};

/// Shared by a graph and its handles. It outlives the graph and tells whether it still exists.
struct Control {
  ReferenceCount references;
  GraphData* graph = nullptr;  ///< null once the Graph is gone
};

class ControlPtr {
 public:
  ControlPtr() = default;
  explicit ControlPtr(Control* adopted) : control_(adopted) {}
  ControlPtr(const ControlPtr& other) : control_(other.control_) {
    if (control_) control_->references.add();
  }
  ControlPtr(ControlPtr&& other) noexcept : control_(std::exchange(other.control_, nullptr)) {}
  ControlPtr& operator=(ControlPtr other) noexcept {
    std::swap(control_, other.control_);
    return *this;
  }
  ~ControlPtr() {
    if (control_ && control_->references.remove()) delete control_;
  }
  Control* get() const { return control_; }
  Control* operator->() const { return control_; }
  explicit operator bool() const { return control_ != nullptr; }

 private:
  Control* control_ = nullptr;
};

}  // namespace dagrad::detail
