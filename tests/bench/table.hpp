#pragma once

#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/rows.hpp"

/// The comparison of dagrad with its peers and with the limits of the machine.
namespace dagrad::bench {

/// How dagrad must compare.
struct Target {
  std::string name;
  std::string what;     ///< the rows: how their `what` begins, "" for the one without, "*" for all
  std::string against;  ///< a system, or one of the words below
  double one, two;      ///< at most, on one and on two threads; 0 where a comparison is only shown

  double most(int threads) const { return threads == 1 ? one : two; }
  bool covers(const std::string& row) const {
    return what == "*" || (what.empty() ? row.empty() : row.starts_with(what));
  }
};
namespace against {
constexpr const char *best_peer = "the best peer", *one_thread = "one thread",
                     *figure = "the figure asked for";  ///< in the unit of the row
constexpr std::string_view first_step = "the first step of ";
}  // namespace against

/// What a case is compared with: its targets, and other systems that are shown beside them.
std::vector<Target> targets_of(const std::string& name);

/// How many targets were met, were missed, and could not be judged.
struct Verdicts {
  int met = 0, missed = 0, unknown = 0;
  Verdicts& operator+=(const Verdicts& other);
};

/// Collects the rows of all rounds of a case. Rounds on two threads count only with those during
/// which a cache line took about as long between the cores.
class Table {
 public:
  explicit Table(std::string name) : name_(std::move(name)) {}
  void add(int threads, double round_trip, const std::vector<Row>& rows);
  /// Notes why a system has no rows.
  void failed(int threads, const std::string& system, const std::string& why);
  /// Prints a line for each row, number of threads and target.
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
  /// A line of the table.
  struct Line {
    std::string what, ours, with, theirs;
    std::string system;   ///< the one that is compared
    std::string missing;  ///< why there is no ratio, if there should be one
    std::string but;      ///< which peers were left out
    double ratio = NAN, most = 0;
    void compare(double own, double other, const std::string& unit);
  };

  static Systems::const_iterator best_peer(const Systems& systems);
  const Rounds* chosen(int threads) const;
  const Systems* row(int threads, const std::string& what) const;
  std::vector<std::string> all_rows() const;
  std::string why_missing(int threads, const std::string& system) const;

  Line compare(const Target& target, int threads, const std::string& what) const;
  void compare_with_one_thread(Line& line, int threads, const Best& ours) const;
  void compare_with_system(Line& line, int threads, const Systems& systems) const;
  void compare_first_steps(Line& line, int threads, const Systems& systems) const;
  void compare_with_best_peer(Line& line, int threads, const Systems& systems) const;

  Verdicts print_row(std::FILE* out, int threads, const std::string& what) const;
  Verdicts print_rest(std::FILE* out, int threads, const std::vector<std::string>& rows) const;
  Verdicts print_line(std::FILE* out, int threads, const Line& line) const;

  std::string name_;
  std::map<int, std::map<bool, Rounds>> rounds_;  ///< by threads, and by whether the cores are far
  std::map<int, std::map<std::string, std::string>> failures_;  ///< by threads and system
};

}  // namespace dagrad::bench
