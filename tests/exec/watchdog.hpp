#pragma once

#include <unistd.h>

namespace dagrad::test {

/// Ends the process (SIGALRM) if a test hangs.
class Watchdog {
 public:
  Watchdog() { alarm(seconds); }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() { alarm(0); }

 private:
  static constexpr unsigned seconds = 60;
};

}  // namespace dagrad::test
