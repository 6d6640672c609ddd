#include "tests/bench/table.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace dagrad::bench {

namespace {

constexpr double far_trip = 200;  // nanoseconds; both states of the machines stay well away from it
constexpr std::array peers{"numpy", "torch", "torch-compile", "jax-jit", "casadi", "casadi-c"};

/// The text of the value of `"key": value` in a line of JSON, without quotation marks.
std::string field(std::string_view line, const std::string& key) {
  const auto at = line.find("\"" + key + "\": ");
  if (at == line.npos) return "";
  line.remove_prefix(at + key.size() + 4);
  if (line.starts_with('"')) return std::string(line.substr(1, line.find('"', 1) - 1));
  return std::string(line.substr(0, line.find_first_of(",}")));
}

/// The key of the last field.
std::string last_key(std::string_view line) {
  const auto end = line.rfind("\": "), begin = line.rfind('"', end - 1) + 1;
  return end == line.npos ? "" : std::string(line.substr(begin, end - begin));
}

std::string in_unit(double value, std::string unit) {
  if (unit == "ms" && value < 0.1) {
    value *= 1000;
    unit = "µs";
  }
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.4g %s", value, unit.c_str());
  return text.data();
}

}  // namespace

std::vector<Row> read_rows(std::string_view text) {
  std::vector<Row> rows;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    Row row{field(line, "system"), field(line, "case"), field(line, "what")};
    const std::string fastest = field(line, "min_ms");
    if (fastest.empty()) row.unit = last_key(line);
    row.value = std::atof((fastest.empty() ? field(line, row.unit) : fastest).c_str());
    row.first = std::atof(field(line, "first_ms").c_str());
    if (!row.system.empty()) rows.push_back(row);
  }
  return rows;
}

void Table::add(int threads, double round_trip, const std::vector<Row>& rows) {
  Rounds& rounds = rounds_[threads][round_trip > far_trip];
  rounds.round_trip = rounds.count++ ? std::min(rounds.round_trip, round_trip) : round_trip;
  for (const Row& row : rows) {
    if (row.unit == "check") continue;
    if (!rounds.rows.contains(row.what)) rounds.order.push_back(row.what);
    Best& best = rounds.rows[row.what][row.system];
    best.value = std::min(best.value, row.value);
    best.first = std::min(best.first, row.first);
    best.unit = row.unit;
  }
}

const Table::Rounds* Table::chosen(int threads) const {
  const auto of_threads = rounds_.find(threads);
  if (of_threads == rounds_.end()) return nullptr;
  const auto& states = of_threads->second;
  return &std::max_element(states.begin(), states.end(), [](const auto& a, const auto& b) {
            return a.second.count < b.second.count;
          })->second;
}

Table::Comparison Table::compare(const std::string& against, int threads, const std::string& what,
                                 const Systems& systems) const {
  const Best& ours = systems.at("dagrad");
  if (against == "peers") {
    const Systems::value_type* best = nullptr;
    for (const auto& system : systems)
      if (std::find(peers.begin(), peers.end(), system.first) != peers.end() &&
          (!best || system.second.value < best->second.value))
        best = &system;
    if (!best) return {};
    return {best->first + " " + in_unit(best->second.value, best->second.unit),
            ours.value / best->second.value};
  }
  if (against == "one thread") {
    const Rounds* const one = chosen(1);
    if (threads == 1 || !one || !one->rows.contains(what)) return {};
    const Systems& alone = one->rows.at(what);
    if (!alone.contains("dagrad")) return {};
    return {"one thread " + in_unit(alone.at("dagrad").value, ours.unit),
            ours.value / alone.at("dagrad").value};
  }
  if (constexpr std::string_view first = "the first step of "; against.starts_with(first)) {
    const auto other = systems.find(against.substr(first.size()));
    if (other == systems.end()) return {};
    const double theirs = other->second.first - other->second.value;
    return {against + " " + in_unit(theirs, "ms"), (ours.first - ours.value) / theirs};
  }
  if (against == "an absolute figure") return {"its value in " + ours.unit, ours.value};
  if (!systems.contains(against)) return {};
  const Best& other = systems.at(against);
  return {against + " " + in_unit(other.value, other.unit), ours.value / other.value};
}

void Table::print_head(std::FILE* out) {
  std::fputs(
      "| case | threads | dagrad | compared with | dagrad's share | at most | verdict |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n",
      out);
}

Table::Verdicts Table::print_row(std::FILE* out, int threads, const Rounds& rounds,
                                 const std::string& what, const Systems& systems) const {
  Verdicts verdicts;
  std::vector<Target> targets = targets_of(name_);
  targets.push_back({name_, "*", "peers", 0, 0});
  bool with_peers = false;
  for (const Target& target : targets) {
    if (!target.covers(what) || (target.against == "peers" && with_peers)) continue;
    with_peers = with_peers || target.against == "peers";
    const double most = threads == 1 ? target.one : target.two;
    const auto [with, share] = compare(target.against, threads, what, systems);
    if (with.empty() || (most == 0 && target.against != "peers")) continue;
    const bool met = share <= most;
    if (most > 0) ++(met ? verdicts.met : verdicts.missed);
    std::string trip;
    if (threads > 1) trip = ", round trip of a cache line " + in_unit(rounds.round_trip, "ns");
    std::fprintf(out, "| `%s`%s%s | %d%s | %s | %s | %.3g | ", name_.c_str(),
                 what.empty() ? "" : " ", what.c_str(), threads, trip.c_str(),
                 in_unit(systems.at("dagrad").value, systems.at("dagrad").unit).c_str(),
                 with.c_str(), share);
    if (most > 0)
      std::fprintf(out, "%.3g | %s |\n", most, met ? "met" : "MISSED");
    else
      std::fputs("| |\n", out);
  }
  return verdicts;
}

Table::Verdicts Table::print(std::FILE* out) const {
  Verdicts all;
  for (const auto& [threads, states] : rounds_) {
    const Rounds& rounds = *chosen(threads);
    for (const std::string& what : rounds.order) {
      const Systems& systems = rounds.rows.at(what);
      if (!systems.contains("dagrad")) continue;
      const Verdicts verdicts = print_row(out, threads, rounds, what, systems);
      all.met += verdicts.met;
      all.missed += verdicts.missed;
    }
  }
  std::fflush(out);
  return all;
}

}  // namespace dagrad::bench
