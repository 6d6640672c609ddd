// Runs cases in other systems that users might choose, in turns with dagrad.
#include <sys/wait.h>

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

/// What a command prints, errors included, and the status with which it exits.
struct Output {
  Printed printed;
  int status;
};
Output output_of(const std::string& command) {
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string text;
  std::array<char, 4096> piece;
  while (std::fgets(piece.data(), static_cast<int>(piece.size()), pipe)) text += piece.data();
  const int status = pclose(pipe);
  return {read_rows(text), WIFEXITED(status) ? WEXITSTATUS(status) : -1};
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
      const std::string& system = it->first;
      Output output = output_of(it->second);
      Printed& printed = output.printed;
      if (const std::string why = failure(output); !why.empty()) {
        std::fprintf(stderr, "%s, threads: %d: %s %s\n", name_.c_str(), threads_, system.c_str(),
                     why.c_str());
        table.failed(threads_, system, why);
        it = commands_.erase(it);
        continue;
      }
      if (settings_.out != stdout) std::fputs(printed.lines.c_str(), settings_.out);
      if (system == "before") {
        std::erase_if(printed.rows, [](const Row& row) { return row.system != "dagrad"; });
        for (Row& row : printed.rows) row.system = system;
      }
      rows.insert(rows.end(), printed.rows.begin(), printed.rows.end());
      ++it;
    }
    if (threads_ > 1) trip = std::max(trip, round_trip());
    table.add(threads_, trip, rows);
  }

 private:
  /// What went wrong in a run, or nothing.
  std::string failure(const Output& output) {
    constexpr int timed_out = 124, not_executable = 126, not_found = 127;  // of timeout(1)
    if (output.status == timed_out) return "took longer than " + std::to_string(seconds_) + " s";
    if (output.status == not_found || output.status == not_executable) return "is not installed";
    if (output.status != 0 || output.printed.rows.empty())
      return "failed: " + output.printed.last_words;
    return agrees(output.printed.rows) ? "" : "has another result";
  }

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
  Verdicts all;
  for (const Case* c : cases) {
    if (c->peers.empty() && targets_of(c->name).empty()) continue;
    Table table(c->name);
    for (const int count : threads) {
      Turns turns(settings, *c, count, rivals);
      for (int round = 0; round < rivals.rounds; ++round) turns.run(table);
    }
    all += table.print(stdout);
  }
  std::printf("\n%d of %d targets were met, %d were missed, and %d were not measured.\n", all.met,
              all.met + all.missed + all.unknown, all.missed, all.unknown);
}

}  // namespace dagrad::bench
