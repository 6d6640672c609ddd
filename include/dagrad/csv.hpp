#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dagrad/tensor.hpp"

namespace dagrad {

/// A table of numbers with named columns.
struct Csv {
  std::vector<std::string> columns;
  Tensor values;            ///< of shape [rows, columns]
  std::string source = {};  ///< where `read_csv` found it, for errors

  /// The column with this name, of shape [rows]. Throws ArgumentError listing the columns if there
  /// is none.
  Tensor column(std::string_view name) const;
  /// The columns with these names, in their order, of shape [rows, names]. Throws as `column` does.
  Tensor select(const std::vector<std::string>& names) const;
};

struct CsvOptions {
  /// The names of the columns to read, in the order wanted; others may hold any text. Empty: all.
  std::vector<std::string> columns = {};
  char separator = ',';  ///< between fields: a tab or a punctuation mark that no number contains
  bool finite = false;   ///< whether infinities and NaN are errors
  /// The texts that stand for a missing value, such as {"", "NA", "?"}. A missing float is NaN,
  /// even if `finite` is set; in a column of another dtype it is an error.
  std::vector<std::string> missing = {};
};

/// Reads a header line of names and then lines of numbers, all separated by commas. The text is
/// ASCII or UTF-8; lines end in LF, CR LF or CR, and a field does not extend over several of them.
/// A float that is too small for the dtype is read as 0. Throws FileError with file, line and
/// column if a field is not a number of the dtype, a value is missing, a line has the wrong number
/// of fields, a name is empty or occurs twice, a column of the options is missing, or the text is
/// UTF-16; ArgumentError if the options list a column twice or numbers may contain the separator.
Csv read_csv(const std::filesystem::path& file, DType dtype = f64, const CsvOptions& options = {});
Csv read_csv(std::istream& in, DType dtype = f64, const CsvOptions& options = {},
             const std::string& name = "stream");

/// Writes a header line of names and then one line for each row, separated by commas, as `read_csv`
/// reads them. Floats have as many digits as are needed to read the same bits, and bools are 0 and
/// 1. The file is replaced when all of it has been written. Throws ArgumentError if a name is
/// empty, occurs twice or contains a line break, and ShapeError unless there is a name for each
/// column of a [rows, columns] tensor; FileError if the file cannot be written.
void write_csv(const std::filesystem::path& file, const Csv& table);
void write_csv(std::ostream& out, const Csv& table);
/// The same for columns of shape [rows], which may differ in dtype. Throws ShapeError if they
/// differ in length.
using CsvColumns = std::vector<std::pair<std::string, Tensor>>;
void write_csv(const std::filesystem::path& file, const CsvColumns& columns);
void write_csv(std::ostream& out, const CsvColumns& columns);

}  // namespace dagrad
