// Runs the same case in other systems that users might choose, in turns.
#include <array>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

std::string output_of(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string text;
  std::array<char, 4096> piece;
  while (std::fgets(piece.data(), static_cast<int>(piece.size()), pipe)) text += piece.data();
  return pclose(pipe) == 0 ? text : "";
}

/// The number after `"key": ` in the last line that has one; 0 if there is none.
double number(const std::string& text, const std::string& key) {
  const auto at = text.rfind("\"" + key + "\": ");
  return at == text.npos ? 0 : std::atof(text.c_str() + at + key.size() + 4);
}

}  // namespace

void against_peers(const Settings& settings, const std::string& name, const std::string& folder,
                   const std::string& self) {
  const std::string threads = " --threads " + std::to_string(settings.threads);
  const std::string peers = "timeout 600 " + folder + "/bin/python " DAGRAD_BENCH_PEERS " --case " +
                            name + threads + " --system ";
  std::map<std::string, std::string> commands{{"torch", peers + "torch"},
                                              {"torch-compile", peers + "torch-compile"},
                                              {"jax-jit", peers + "jax-jit"}};
  if (name == "xor") commands["numpy"] = peers + "numpy";
  commands["dagrad"] =
      "taskset -c 0-" + std::to_string(settings.threads - 1) + " " + self + threads + " " + name;

  std::map<std::string, double> median;
  for (int turn = 0; turn < 3; ++turn) {
    for (auto it = commands.begin(); it != commands.end();) {
      const auto& [system, command] = *it;
      const std::string text = output_of(command + " 2>/dev/null");
      if (text.empty()) {
        std::fprintf(stderr, "%s: %s failed, or took longer than ten minutes\n", name.c_str(),
                     system.c_str());
        it = commands.erase(it);
        continue;
      }
      ++it;
      if (turn == 0) std::fputs(text.c_str(), settings.out);
      const double ms = number(text, "median_ms");
      if (ms > 0) median[system] = median.contains(system) ? std::min(median[system], ms) : ms;
    }
  }
  std::string best;
  for (const auto& [system, ms] : median)
    if (system != "dagrad" && (best.empty() || ms < median[best])) best = system;
  if (!best.empty() && median.contains("dagrad"))
    std::fprintf(settings.out,
                 "{\"case\": \"%s\", \"threads\": %d, \"best_peer\": \"%s\", \"peer_ms\": %.5f, "
                 "\"dagrad_ms\": %.5f, \"ratio\": %.3f}\n",
                 name.c_str(), settings.threads, best.c_str(), median[best], median["dagrad"],
                 median["dagrad"] / median[best]);
  std::fflush(settings.out);
}

}  // namespace dagrad::bench
