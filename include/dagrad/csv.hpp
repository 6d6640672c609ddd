#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/tensor.hpp"

namespace dagrad {

/// A table of numbers with named columns.
struct Csv {
  std::vector<std::string> columns;
  Tensor values;  ///< of shape [rows, columns]

  /// The column with this name, of shape [rows]. Throws ArgumentError listing the columns if there
  /// is none.
  Tensor column(std::string_view name) const;
  /// The columns with these names, in their order, of shape [rows, names]. Throws as `column` does.
  Tensor select(const std::vector<std::string>& names) const;
};

/// Reads a header line of names and then lines of numbers, all separated by commas. The text is
/// ASCII or UTF-8; lines end in LF, CR LF or CR. A float that is too small for the dtype is read as
/// 0. Throws FileError with file, line and column if a field is not a number of the dtype, a line
/// has the wrong number of fields, a name is empty or occurs twice, or the text is UTF-16.
Csv read_csv(const std::filesystem::path& file, DType dtype = f64);
Csv read_csv(std::istream& in, DType dtype = f64, const std::string& name = "stream");

}  // namespace dagrad
