#include "tests/bench/table.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace dagrad::bench {

namespace {

constexpr double far_trip = 200;  // nanoseconds; both states of the machines stay well away from it
constexpr std::array peers{"numpy",  "torch",    "torch-compile", "jax-jit",
                           "casadi", "casadi-c", "casadi-mx"};

bool is_peer(const std::string& system) {
  return std::find(peers.begin(), peers.end(), system) != peers.end();
}

std::string number(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

std::string in_unit(double value, const std::string& unit) {
  if (unit == "ratio") return number(value);
  if (unit == "us") return number(value) + " µs";
  if (unit == "ms" && value < 0.1) return number(1000 * value) + " µs";
  return number(value) + " " + unit;
}

/// Cells of a table cannot contain what separates them.
std::string cell(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  return text;
}

}  // namespace

Verdicts& Verdicts::operator+=(const Verdicts& other) {
  met += other.met;
  missed += other.missed;
  unknown += other.unknown;
  return *this;
}

// ---- what has been measured

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

void Table::failed(int threads, const std::string& system, const std::string& why) {
  failures_[threads][system] = why;
}

Table::Systems::const_iterator Table::best_peer(const Systems& systems) {
  auto best = systems.end();
  for (auto it = systems.begin(); it != systems.end(); ++it)
    if (is_peer(it->first) && (best == systems.end() || it->second.value < best->second.value))
      best = it;
  return best;
}

const Table::Rounds* Table::chosen(int threads) const {
  const auto of_threads = rounds_.find(threads);
  if (of_threads == rounds_.end()) return nullptr;
  const auto& states = of_threads->second;
  return &std::max_element(states.begin(), states.end(), [](const auto& a, const auto& b) {
            return a.second.count < b.second.count;
          })->second;
}

const Table::Systems* Table::row(int threads, const std::string& what) const {
  const Rounds* const rounds = chosen(threads);
  return rounds && rounds->rows.contains(what) ? &rounds->rows.at(what) : nullptr;
}

/// The rows of all systems on all numbers of threads, in the order of their first appearance.
std::vector<std::string> Table::all_rows() const {
  std::vector<std::string> all;
  for (const auto& [threads, states] : rounds_)
    for (const std::string& what : chosen(threads)->order)
      if (std::find(all.begin(), all.end(), what) == all.end()) all.push_back(what);
  return all;
}

/// Why there is no such row of a system, or nothing if the system measures other rows only.
std::string Table::why_missing(int threads, const std::string& system) const {
  if (const auto failures = failures_.find(threads); failures != failures_.end())
    if (failures->second.contains(system)) return system + " " + failures->second.at(system);
  for (const auto& [what, systems] : chosen(threads)->rows)
    if (systems.contains(system)) return "";
  return system == "before" ? "no --before PROGRAM was given" : system + " is not measured here";
}

// ---- comparisons

void Table::Line::compare(double own, double other, const std::string& unit) {
  theirs = in_unit(other, unit);
  ratio = own / other;
}

/// Without a ratio where there is nothing to compare.
Table::Line Table::compare(const Target& target, int threads, const std::string& what) const {
  Line line;
  line.what = what;
  line.with = target.against;
  line.most = target.most(threads);
  const Systems* const systems = row(threads, what);
  if (!systems || !systems->contains("dagrad")) {
    line.missing = why_missing(threads, "dagrad");
    return line;
  }
  const Best& ours = systems->at("dagrad");
  line.ours = in_unit(ours.value, ours.unit);
  if (target.against == against::one_thread) {
    compare_with_one_thread(line, threads, ours);
  } else if (target.against == against::best_peer) {
    compare_with_best_peer(line, threads, *systems);
  } else if (target.against.starts_with(against::first_step)) {
    compare_first_steps(line, threads, *systems);
  } else if (target.against != against::figure) {
    compare_with_system(line, threads, *systems);
  } else if (line.most > 0) {
    line.compare(ours.value, line.most, ours.unit);
    line.most = 1;
  }
  return line;
}

void Table::compare_with_one_thread(Line& line, int threads, const Best& ours) const {
  if (threads == 1) return;
  const Systems* const alone = row(1, line.what);
  if (alone && alone->contains("dagrad"))
    line.compare(ours.value, alone->at("dagrad").value, ours.unit);
  else
    line.missing = chosen(1) ? why_missing(1, "dagrad") : "nothing was run on one thread";
}

/// Compares with the system that the line names.
void Table::compare_with_system(Line& line, int threads, const Systems& systems) const {
  const auto other = systems.find(line.with);
  if (other == systems.end()) {
    line.missing = why_missing(threads, line.with);
    return;
  }
  line.system = line.with;
  if (other == best_peer(systems)) line.with += ", the best peer";
  line.compare(systems.at("dagrad").value, other->second.value, other->second.unit);
}

void Table::compare_first_steps(Line& line, int threads, const Systems& systems) const {
  line.what += line.what.empty() ? "first step" : ", first step";
  line.with.erase(0, against::first_step.size());
  const auto of = [](const Best& best) { return best.first - best.value; };
  const double own = of(systems.at("dagrad"));
  line.ours = in_unit(own, "ms");
  if (systems.contains(line.with))
    line.compare(own, of(systems.at(line.with)), "ms");
  else
    line.missing = why_missing(threads, line.with);
}

void Table::compare_with_best_peer(Line& line, int threads, const Systems& systems) const {
  std::string failures;
  if (const auto all = failures_.find(threads); all != failures_.end())
    for (const auto& [system, why] : all->second)
      if (is_peer(system)) failures += (failures.empty() ? "" : ", ") + system + " " + why;
  const auto best = best_peer(systems);
  if (best == systems.end()) {
    line.missing = failures;
    return;
  }
  line.system = best->first;
  line.with = best->first + ", the best peer";
  line.but = failures;
  line.compare(systems.at("dagrad").value, best->second.value, best->second.unit);
}

// ---- print

void Table::print_head(std::FILE* out) {
  std::fputs(
      "Times are the fastest of all rounds; a ratio is dagrad's time divided by the other.\n\n"
      "| case | what | threads | round trip | dagrad | compared with | its time | ratio | at most "
      "| "
      "verdict |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
      out);
}

Verdicts Table::print_line(std::FILE* out, int threads, const Line& line) const {
  const bool measured = !std::isnan(line.ratio), judged = line.most > 0,
             met = line.ratio <= line.most;
  const std::string but = line.but.empty() ? "" : ", but " + line.but;
  const std::string trip = threads > 1 ? in_unit(chosen(threads)->round_trip, "ns") : "";
  std::array<char, 32> ratio{}, most{};
  if (measured) std::snprintf(ratio.data(), ratio.size(), "%.4g", line.ratio);
  if (judged) std::snprintf(most.data(), most.size(), "%.4g", line.most);
  std::string verdict;
  if (!measured)
    verdict = "not measured: " + line.missing;
  else if (judged)
    verdict = (met ? "met" : "MISSED") + but;
  std::fprintf(out, "| `%s` | %s | %d | %s | %s | %s | %s | %s | %s | %s |\n", name_.c_str(),
               line.what.c_str(), threads, trip.c_str(), line.ours.c_str(), line.with.c_str(),
               line.theirs.c_str(), ratio.data(), most.data(), cell(verdict).c_str());
  return {judged && measured && met, judged && measured && !met, judged && !measured};
}

/// Prints the comparisons of a row. A target that cannot be judged is printed as well, but what is
/// only shown is not; neither is the best peer again where a target names it.
Verdicts Table::print_row(std::FILE* out, int threads, const std::string& what) const {
  Verdicts verdicts;
  std::vector<std::string> shown;
  for (const Target& target : targets_of(name_)) {
    if (!target.covers(what)) continue;
    const Line line = compare(target, threads, what);
    const bool judged = target.most(threads) > 0,
               again = std::find(shown.begin(), shown.end(), line.system) != shown.end();
    if (std::isnan(line.ratio) ? !judged || line.missing.empty() : !judged && again) continue;
    verdicts += print_line(out, threads, line);
    if (!line.system.empty()) shown.push_back(line.system);
  }
  return verdicts;
}

/// Prints the targets for which no system has printed a row.
Verdicts Table::print_rest(std::FILE* out, int threads,
                           const std::vector<std::string>& rows) const {
  Verdicts verdicts;
  for (const Target& target : targets_of(name_)) {
    const auto covered = [&](const std::string& what) { return target.covers(what); };
    if (target.most(threads) == 0 || std::any_of(rows.begin(), rows.end(), covered)) continue;
    Line line;
    line.what = target.what == "*" ? "all rows" : target.what;
    line.with = target.against;
    line.most = target.most(threads);
    line.missing = why_missing(threads, "dagrad");
    if (line.missing.empty()) line.missing = "dagrad has no such row";
    verdicts += print_line(out, threads, line);
  }
  return verdicts;
}

Verdicts Table::print(std::FILE* out) const {
  Verdicts all;
  const std::vector<std::string> rows = all_rows();
  for (const std::string& what : rows)
    for (const auto& [threads, states] : rounds_) all += print_row(out, threads, what);
  for (const auto& [threads, states] : rounds_) all += print_rest(out, threads, rows);
  std::fflush(out);
  return all;
}

}  // namespace dagrad::bench
