#include "src/io/csv_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "dagrad/error.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

CsvLines::CsvLines(std::istream& in, const Names& names, char separator)
    : in_(in), names_(names), separator_(separator) {
  const auto c = static_cast<unsigned char>(separator);
  if (c != '\t' && (std::ispunct(c) == 0 || std::strchr("\"+-.", c) != nullptr))
    throw ArgumentError(
        fmt::format("{}: the separator must be a tab or a punctuation mark that no number "
                    "contains, such as ',' or ';', got {}",
                    names.function, in_quotes(std::string(1, separator))));
}

std::string_view CsvLines::trimmed(std::string_view text) const {
  const std::string_view blanks = separator_ == '\t' ? " " : " \t";
  const auto first = text.find_first_not_of(blanks);
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool CsvLines::next(std::string_view& line) {
  if (at_ > block_.size() && !next_block()) return false;
  const std::size_t end = std::min(block_.find('\r', at_), block_.size());
  line = std::string_view(block_).substr(at_, end - at_);
  at_ = end + 1;
  ++line_;
  return true;
}

bool CsvLines::only_blanks_left() {
  return (at_ > block_.size() || block_.find_first_not_of(" \t\r", at_) == std::string::npos) &&
         (in_ >> std::ws).eof();
}

// Reads up to the next LF, and removes CRs before it.
bool CsvLines::next_block() {
  errno = 0;
  if (!std::getline(in_, block_)) {
    if (in_.bad())
      fail(fmt::format("the file cannot be read: {}",
                       errno != 0 ? std::strerror(errno) : "the stream is in an error state"));
    return false;
  }
  at_ = 0;
  const bool ended_by_lf = !in_.eof();
  while (block_.ends_with('\r')) {
    block_.pop_back();
    if (!ended_by_lf) break;
  }
  return true;
}

void CsvLines::fail(const std::string& what) const {
  throw FileError(fmt::format("{}: {}: line {}: {}", names_.function, names_.file,
                              std::max(line_, std::size_t{1}), what));
}

void CsvLines::fail(std::size_t column, const std::string& what) const {
  fail(fmt::format("column {}: {}", column, what));
}

std::string CsvLines::advice(std::string_view text) const {
  for (const auto& [other, name] : {std::pair(',', "commas"), {';', "semicolons"}, {'\t', "tabs"}})
    if (other != separator_ && text.find(other) != std::string_view::npos)
      return fmt::format("; if {} separate the columns, set {}::separator", name, names_.options);
  return "";
}

// Takes a quoted field from the front of `rest`. Quotes within it are doubled.
std::string CsvLines::take_quoted(std::string_view& rest, std::size_t column) const {
  std::string field;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] != '"') {
      field += rest[i];
    } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
      field += rest[i++];
    } else {
      rest = trimmed(rest.substr(i + 1));
      if (!rest.empty() && rest[0] != separator_)
        fail(column, fmt::format("expected {} after the closing quote",
                                 separator_ == ',' ? "a comma" : "the separator"));
      return field;
    }
  }
  fail(column, "the closing quote is missing");
}

std::vector<std::string> CsvLines::split(std::string_view line) const {
  std::vector<std::string> fields;
  for (std::string_view rest = trimmed(line);;) {
    if (!rest.empty() && rest[0] == '"') {
      fields.push_back(take_quoted(rest, fields.size() + 1));
    } else {
      const std::size_t end = std::min(rest.find(separator_), rest.size());
      fields.emplace_back(trimmed(rest.substr(0, end)));
      rest.remove_prefix(end);
    }
    if (rest.empty()) return fields;
    rest = trimmed(rest.substr(1));
  }
}

std::vector<std::string> CsvLines::fields(std::string_view line,
                                          const std::vector<std::string>& columns) {
  std::vector<std::string> found = split(line);
  if (found.size() != columns.size())
    fail(fmt::format("expected {} {}, one for each name, got {}{}", columns.size(),
                     columns.size() == 1 ? "field" : "fields", found.size(), advice(columns[0])));
  return found;
}

// Refuses UTF-16 and UTF-32 by the byte order mark, and removes that of UTF-8.
void CsvLines::check_encoding(std::string_view& header) const {
  constexpr std::string_view utf8 = "\xEF\xBB\xBF", utf16_be = "\xFE\xFF", utf16_le = "\xFF\xFE";
  if (header.starts_with(utf16_be) || header.starts_with(utf16_le))
    fail("the file is in UTF-16 or UTF-32; expected UTF-8");
  if (header.starts_with(utf8)) header.remove_prefix(utf8.size());
  if (header.find('\0') != std::string_view::npos)
    fail(fmt::format("the names contain a NUL byte, as in UTF-16; expected UTF-8, got {}",
                     in_quotes(header)));
}

std::vector<std::string> CsvLines::read_names() {
  std::string_view line;
  if (!next(line)) fail("expected a line of names, but the file is empty");
  check_encoding(line);
  std::vector<std::string> columns = split(line);
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].empty()) fail(i + 1, "the name is empty");
    const auto [other, is_new] = places.try_emplace(columns[i], i + 1);
    if (!is_new)
      fail(i + 1, fmt::format("the name {} is also the name of column {}", in_quotes(columns[i]),
                              other->second));
  }
  return columns;
}

}  // namespace dagrad::detail
