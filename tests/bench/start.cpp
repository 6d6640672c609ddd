// The time from the start of a process to the first gradient of the XOR network.
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "tests/bench/bench.hpp"

extern char** environ;

namespace dagrad::bench {

void start(const Settings& settings) {
  std::string program = DAGRAD_BENCH_START;
  std::array<char*, 2> arguments{program.data(), nullptr};
  double best = 1e9;
  for (int i = 0; i < 20; ++i) {
    const double begin = now();
    pid_t child = 0;
    int status = 0;
    if (posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ) != 0 ||
        waitpid(child, &status, 0) != child || status != 0)
      throw std::runtime_error("start: " + program + " failed");
    best = std::min(best, now() - begin);
  }
  print(settings, "start", "process start to the first XOR gradient, and its end", "ms",
        1e3 * best);
}

}  // namespace dagrad::bench
