#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace dagrad::detail {

/// Things of which each thread uses one at a time. If there are too few, another is made.
template <class T>
class Idle {
 public:
  template <class Make>
  T take(const Make& make) {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        T taken = std::move(idle_.back());
        idle_.pop_back();
        return taken;
      }
    }
    return make();
  }
  void give_back(T taken) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(taken));
  }
  std::size_t size() const { return idle_.size(); }

 private:
  std::mutex mutex_;
  std::vector<T> idle_;
};

}  // namespace dagrad::detail
