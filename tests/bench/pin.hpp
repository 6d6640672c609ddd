#pragma once

#include <pthread.h>
#include <sched.h>

namespace dagrad::bench {

/// Keeps the calling thread on one core for as long as it exists.
class Pin {
 public:
  explicit Pin(int core) {
    pthread_getaffinity_np(pthread_self(), sizeof before_, &before_);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(core), &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  }
  ~Pin() { pthread_setaffinity_np(pthread_self(), sizeof before_, &before_); }
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace dagrad::bench
