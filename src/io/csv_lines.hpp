#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace dagrad::detail {

/// Reads a table of text line by line; lines end in LF, CR LF or CR. Keeps track of the position in
/// the file for errors, which are FileErrors.
class CsvLines {
 public:
  /// What errors name: the function that was called, the file, and the struct of the options.
  struct Names {
    std::string_view function, file, options;
  };
  /// The names must outlive this object. Throws ArgumentError if numbers may contain the separator.
  CsvLines(std::istream& in, const Names& names, char separator);

  char separator() const { return separator_; }
  /// The text without the blanks at its ends.
  std::string_view trimmed(std::string_view text) const;
  /// Reads the next line and returns whether there is one; `line` is valid until the next call.
  bool next(std::string_view& line);
  /// Whether the line is blank and so is all that follows it.
  bool ends_with(std::string_view line) { return trimmed(line).empty() && only_blanks_left(); }

  /// The names of the columns, in the first line. Throws if a name is empty or occurs twice, or if
  /// the text is UTF-16.
  std::vector<std::string> read_names();
  /// The fields of a line. Throws unless there is one for each column.
  std::vector<std::string> fields(std::string_view line, const std::vector<std::string>& columns);

  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void fail(std::size_t column, const std::string& what) const;
  /// What to do if `text` suggests that the file has another separator.
  std::string advice(std::string_view text) const;

 private:
  bool next_block();
  bool only_blanks_left();
  std::vector<std::string> split(std::string_view line) const;
  std::string take_quoted(std::string_view& rest, std::size_t column) const;
  void check_encoding(std::string_view& header) const;

  std::istream& in_;
  Names names_;
  char separator_;
  std::string block_;
  std::size_t at_ = 1, line_ = 0;
};

}  // namespace dagrad::detail
