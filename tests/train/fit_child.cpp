// A training in a process of its own, which the test interrupts: fit_child <checkpoint> <threads>.
// Writes a byte after its first step. Exits with 0 at the end, and with 3 after Ctrl-C.
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "tests/train/fit_interrupted.hpp"

int main(int argc, char** argv) {
  using namespace dagrad;
  if (argc != 3) return 2;
  const test::CircleNetwork network;
  State state(network.graph);
  FitOptions options = test::interrupted_options(network);
  options.checkpoint = argv[1];
  options.threads = std::atoi(argv[2]);
  bool told = false;
  options.on_step = [&](StepEvent&) {
    if (!std::exchange(told, true) && ::write(STDOUT_FILENO, "s", 1) != 1) std::exit(4);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  const Fitted fitted = fit(network.model, state, test::circle(100), options);
  return fitted.stopped == Stopped::interrupted ? 3 : 0;
}
