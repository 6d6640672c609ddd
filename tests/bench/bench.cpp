#include "tests/bench/bench.hpp"

#include <algorithm>
#include <chrono>

namespace dagrad::bench {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Times measure(double seconds, double before, const std::function<void()>& step,
              const std::function<void()>& verify) {
  const auto timed = [&](int calls) {
    const double start = now();
    for (int call = 0; call < calls; ++call) step();
    return 1e3 * (now() - start) / calls;
  };
  const double first = 1e3 * before + timed(1);
  if (verify) verify();
  const double once = std::min({timed(1), timed(1), timed(1)});
  const int batch = static_cast<int>(std::clamp(0.02 / once, 1.0, 1000.0));
  std::vector<double> times;
  const double begin = now();
  while (times.size() < 5 || (now() - begin < seconds && times.size() < 200'000)) {
    times.push_back(timed(batch));
    if (now() - begin > 60) break;
  }
  std::sort(times.begin(), times.end());
  return {first, times.front(), times[times.size() / 2]};
}

double ratio(const std::function<void()>& a, const std::function<void()>& b) {
  double of_a = 1e9, of_b = 1e9;
  const double begin = now();
  for (int round = 0; round < 20 || now() - begin < 6; ++round) {
    of_a = std::min(of_a, fastest(1, 1, a));
    of_b = std::min(of_b, fastest(1, 1, b));
    if (now() - begin > 120) break;
  }
  return of_b / of_a;
}

double fastest(int rounds, int calls, const std::function<void()>& run) {
  double best = 1e9;
  for (int round = 0; round < rounds; ++round) {
    const double start = now();
    for (int call = 0; call < calls; ++call) run();
    best = std::min(best, (now() - start) / calls);
  }
  return best;
}

void print(const Settings& settings, const std::string& name, const Times& times) {
  print(settings, name, "", times);
}

void print(const Settings& settings, const std::string& name, const std::string& what,
           const Times& times, const char* system) {
  const std::string row = what.empty() ? "" : ", \"what\": \"" + what + "\"";
  std::fprintf(settings.out,
               "{\"system\": \"%s\", \"case\": \"%s\"%s, \"threads\": %d, \"min_ms\": %.7f, "
               "\"median_ms\": %.7f, \"first_ms\": %.6f}\n",
               system, name.c_str(), row.c_str(), settings.threads, times.min, times.median,
               times.first);
  std::fflush(settings.out);
}

void print(const Settings& settings, const std::string& name, const std::string& what,
           const char* unit, double value, const char* system) {
  std::fprintf(settings.out,
               "{\"system\": \"%s\", \"case\": \"%s\", \"threads\": %d, \"what\": \"%s\", "
               "\"%s\": %.4f}\n",
               system, name.c_str(), settings.threads, what.c_str(), unit, value);
  std::fflush(settings.out);
}

}  // namespace dagrad::bench
