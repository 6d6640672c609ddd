#pragma once

#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The comparison of dagrad with its peers and with the limits of the machine.
namespace dagrad::bench {

/// A line of JSON that a benchmark or a peer has printed.
struct Row {
  std::string system, name, what;
  std::string unit = "ms";  ///< "check" for a result, by which systems are known to do the same
  double value = 0;         ///< in units; for times, the fastest
  double first = 0;         ///< milliseconds of the first step
};
/// The rows among these lines; others are skipped.
std::vector<Row> read_rows(std::string_view text);

/// How dagrad must compare.
struct Target {
  std::string name;
  std::string what;     ///< the rows: how their `what` begins, "" for the one without, "*" for all
  std::string against;  ///< a system, or one of the words that `Table::compare` knows
  double one, two;      ///< on one and on two threads, dagrad's share of it is at most this; or 0

  bool covers(const std::string& row) const {
    return what == "*" || (what.empty() ? row.empty() : row.starts_with(what));
  }
};
/// The targets for a case.
std::vector<Target> targets_of(const std::string& name);

/// Collects the rows of all rounds of a case. Rounds on two threads count only with those during
/// which a cache line took about as long between the cores.
class Table {
 public:
  explicit Table(std::string name) : name_(std::move(name)) {}
  void add(int threads, double round_trip, const std::vector<Row>& rows);
  /// Prints a line for each row and target, and returns how many targets were met and missed.
  struct Verdicts {
    int met = 0, missed = 0;
  };
  Verdicts print(std::FILE* out) const;
  static void print_head(std::FILE* out);

 private:
  struct Best {
    double value = 1e300, first = 1e300;
    std::string unit;
  };
  using Systems = std::map<std::string, Best>;
  /// The rounds of one thread count in one state of the machine.
  struct Rounds {
    int count = 0;
    double round_trip = 0;
    std::vector<std::string> order;  ///< of rows, by their `what`
    std::map<std::string, Systems> rows;
  };
  /// What a target compares with, and dagrad's share of it.
  struct Comparison {
    std::string with;
    double share = 0;
  };

  const Rounds* chosen(int threads) const;
  Comparison compare(const std::string& against, int threads, const std::string& what,
                     const Systems& systems) const;
  Verdicts print_row(std::FILE* out, int threads, const Rounds& rounds, const std::string& what,
                     const Systems& systems) const;

  std::string name_;
  std::map<int, std::map<bool, Rounds>> rounds_;  ///< by threads, and by whether the cores are far
};

}  // namespace dagrad::bench
