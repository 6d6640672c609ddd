#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

/// Benchmarks. They print one line of JSON for each case, in the same form as peers/peers.py.
namespace dagrad::bench {

struct Settings {
  int threads = 2;
  double seconds = 3;            ///< to spend on each case that is measured with `measure`
  bool check_finite = false;     ///< of training steps: what checking costs, instead of their times
  bool gradient_report = false;  ///< the same: what a report on every tenth step costs
  std::FILE* out = stdout;
};

struct Case {
  std::string name, doc;
  std::function<void(const Settings&)> run;
  std::vector<std::string> peers = {};  ///< the systems of peers/peers.py that have the case
};

/// With what dagrad is compared, and how.
struct Rivals {
  std::string folder;  ///< of the environment that peers/setup has made
  std::string self;    ///< this program
  std::string before;  ///< this program as built from an older commit, or nothing
  int rounds = 5;
  int timeout = 300;  ///< seconds for one system in one round
};

/// Milliseconds of the first call, the fastest and the median one. The first call includes what was
/// spent `before` it.
struct Times {
  double first, min, median;
};
/// Calls `step` 3 times to warm up, and then at least 5 times and for `seconds`, as for the peers.
/// A step of less than 20 µs is timed in batches. `verify`, which may throw, checks the first
/// result. `before` is in seconds.
Times measure(double seconds, double before, const std::function<void()>& step,
              const std::function<void()>& verify = {});
/// How much longer `b` takes than `a`, as a ratio: they run in turns, and the fastest of each
/// counts.
double ratio(const std::function<void()>& a, const std::function<void()>& b);
/// Seconds on a monotonic clock.
double now();
/// The time of the fastest of several rounds, in seconds per call.
double fastest(int rounds, int calls, const std::function<void()>& run);

/// {"system": "dagrad", "case": …, "threads": …, "min_ms": …, "median_ms": …, "first_ms": …}
void print(const Settings& settings, const std::string& name, const Times& times);
/// The same for one of several rows of a case, or for what `system` needs for it.
void print(const Settings& settings, const std::string& name, const std::string& what,
           const Times& times, const char* system = "dagrad");
/// {"system": …, "case": …, "what": …, "<unit>": …}
void print(const Settings& settings, const std::string& name, const std::string& what,
           const char* unit, double value, const char* system = "dagrad");

void xor_step(const Settings& settings);
void chain(const Settings& settings);
void mlp_small(const Settings& settings);
void mlp(const Settings& settings);
void mlp_wide(const Settings& settings);
void lenet5(const Settings& settings);
void resnet18(const Settings& settings);
void nanogpt(const Settings& settings);
void gmm(const Settings& settings);
void lstm(const Settings& settings);
void scalars(const Settings& settings);
void elementwise_chain(const Settings& settings);
void single_op(const Settings& settings, const std::string& name);
void jacobians(const Settings& settings);
void tangents(const Settings& settings);
void colorings(const Settings& settings);
void batching(const Settings& settings);
void narrow_products(const Settings& settings);
void fit_loop(const Settings& settings);
void nodes(const Settings& settings);
void assembling(const Settings& settings);
void memory(const Settings& settings);
void schedule(const Settings& settings);
void start(const Settings& settings);

/// Runs cases in each of their peers, in turns with dagrad, on each of these numbers of threads,
/// and prints a table with a verdict for each target. A system that fails or takes too long is
/// reported and left out of later rounds.
void against_peers(const Settings& settings, const std::vector<const Case*>& cases,
                   const std::vector<int>& threads, const Rivals& rivals);

}  // namespace dagrad::bench
