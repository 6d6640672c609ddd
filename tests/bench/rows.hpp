#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dagrad::bench {

/// A line of JSON that a benchmark or a peer has printed.
struct Row {
  std::string system, name, what;
  std::string unit = "ms";  ///< "check" for a result, by which systems are known to do the same
  double value = 0;         ///< in units; for times, the fastest
  double first = 0;         ///< milliseconds of the first step
};

/// What a program has printed: its rows, and the last line that is not one, which often says why it
/// failed.
struct Printed {
  std::vector<Row> rows;
  std::string lines;  ///< those of the rows
  std::string last_words;
};
Printed read_rows(std::string_view text);

}  // namespace dagrad::bench
