// Runs cases in other systems that users might choose, in turns with dagrad.
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include "tests/bench/bench.hpp"
#include "tests/bench/round_trip.hpp"
#include "tests/bench/table.hpp"

namespace dagrad::bench {

namespace {

/// What a command prints, or nothing if it fails.
std::string output_of(const std::string& command) {
  std::FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string text;
  std::array<char, 4096> piece;
  while (std::fgets(piece.data(), static_cast<int>(piece.size()), pipe)) text += piece.data();
  return pclose(pipe) == 0 ? text : "";
}

/// The rounds of one case on one number of threads.
class Turns {
 public:
  Turns(const Settings& settings, const Case& c, int threads, const Rivals& rivals)
      : settings_(settings), name_(c.name), threads_(threads), seconds_(rivals.timeout) {
    const std::string limit = "timeout " + std::to_string(rivals.timeout) + " ",
                      bound = "taskset -c 0-" + std::to_string(threads - 1) + " ",
                      on = " --threads " + std::to_string(threads) + " ",
                      time = " --seconds " + std::to_string(settings.seconds) + " ";
    commands_["dagrad"] = limit + bound + rivals.self + on + time + name_;
    if (!rivals.before.empty()) commands_["before"] = limit + bound + rivals.before + on + name_;
    for (const std::string& peer : c.peers)
      commands_[peer] = limit + rivals.folder + "/bin/python -B " DAGRAD_BENCH_PEERS + on + time +
                        "--case " + name_ + " --system " + peer;
  }

  /// Runs each system once. One that fails takes no part in later rounds.
  void run(Table& table) {
    double trip = threads_ > 1 ? round_trip() : 0;
    std::vector<Row> rows;
    for (auto it = commands_.begin(); it != commands_.end();) {
      const auto& [system, command] = *it;
      const std::string text = output_of(command);
      std::vector<Row> printed = read_rows(text);
      if (printed.empty() || !agrees(printed)) {
        std::fprintf(
            stderr, "%s, threads: %d: %s %s\n", name_.c_str(), threads_, system.c_str(),
            printed.empty()
                ? ("failed, or took longer than " + std::to_string(seconds_) + " seconds").c_str()
                : "has another result");
        it = commands_.erase(it);
        continue;
      }
      if (settings_.out != stdout) std::fputs(text.c_str(), settings_.out);
      if (system == "before")
        for (Row& row : printed) row.system = system;
      rows.insert(rows.end(), printed.begin(), printed.end());
      ++it;
    }
    if (threads_ > 1) trip = std::max(trip, round_trip());
    table.add(threads_, trip, rows);
  }

 private:
  /// Whether the results that systems print are those of the first system.
  bool agrees(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      if (row.unit != "check") continue;
      if (std::isnan(result_)) result_ = row.value;
      if (!(std::abs(row.value - result_) <= 1e-6 * std::abs(result_))) return false;
    }
    return true;
  }

  const Settings& settings_;
  std::string name_;
  int threads_, seconds_;
  std::map<std::string, std::string> commands_;
  double result_ = NAN;
};

}  // namespace

void against_peers(const Settings& settings, const std::vector<const Case*>& cases,
                   const std::vector<int>& threads, const Rivals& rivals) {
  Table::print_head(stdout);
  Table::Verdicts all;
  for (const Case* c : cases) {
    if (c->peers.empty() && targets_of(c->name).empty()) continue;
    Table table(c->name);
    for (const int count : threads) {
      Turns turns(settings, *c, count, rivals);
      for (int round = 0; round < rivals.rounds; ++round) turns.run(table);
    }
    const Table::Verdicts verdicts = table.print(stdout);
    all.met += verdicts.met;
    all.missed += verdicts.missed;
  }
  std::printf("\n%d of %d targets were met.\n", all.met, all.met + all.missed);
}

}  // namespace dagrad::bench
