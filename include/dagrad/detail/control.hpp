#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "dagrad/config.hpp"

namespace dagrad::detail {

struct GraphData;

/// Shared by a graph and its handles. It outlives the graph and tells whether it still exists.
struct Control {
  std::atomic<std::int64_t> references{1};
  GraphData* graph = nullptr;  ///< null once the Graph is gone
};

class ControlPtr {
 public:
  ControlPtr() = default;
  explicit ControlPtr(Control* adopted) : control_(adopted) {}
  ControlPtr(const ControlPtr& other) : control_(other.control_) {
    if (control_) control_->references.fetch_add(1, std::memory_order_relaxed);
  }
  ControlPtr(ControlPtr&& other) noexcept : control_(std::exchange(other.control_, nullptr)) {}
  ControlPtr& operator=(ControlPtr other) noexcept {
    std::swap(control_, other.control_);
    return *this;
  }
  ~ControlPtr() {
    if (control_ && control_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete control_;
  }
  Control* get() const { return control_; }
  Control* operator->() const { return control_; }
  explicit operator bool() const { return control_ != nullptr; }

 private:
  Control* control_ = nullptr;
};

}  // namespace dagrad::detail
