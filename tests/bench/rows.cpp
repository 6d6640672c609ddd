#include "tests/bench/rows.hpp"

#include <algorithm>
#include <cstdlib>

namespace dagrad::bench {

namespace {

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

}  // namespace

Printed read_rows(std::string_view text) {
  Printed printed;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    Row row{field(line, "system"), field(line, "case"), field(line, "what")};
    if (row.system.empty()) {
      if (!line.empty()) printed.last_words = line;
      continue;
    }
    const std::string fastest = field(line, "min_ms");
    if (fastest.empty()) row.unit = last_key(line);
    row.value = std::atof((fastest.empty() ? field(line, row.unit) : fastest).c_str());
    row.first = std::atof(field(line, "first_ms").c_str());
    printed.rows.push_back(row);
    printed.lines.append(line).append("\n");
  }
  return printed;
}

}  // namespace dagrad::bench
