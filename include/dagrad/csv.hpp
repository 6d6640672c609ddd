#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/tensor.hpp"

namespace dagrad {

/// Numbers under a header line.
struct Csv {
  std::vector<std::string> columns;
  Tensor values;  ///< [rows, columns]

  /// The column of that name, [rows]. Throws ArgumentError listing the columns there are.
  Tensor column(std::string_view name) const;
  /// Some columns, in the order of these names: [rows, names]. Throws as `column`.
  Tensor select(const std::vector<std::string>& names) const;
};

/// Reads numbers separated by commas under one line of names, in ASCII or UTF-8; LF, CR LF or CR
/// ends a line. A float too small for the dtype is 0. Throws FileError with file, line and column
/// where a field is not a number of the dtype, a line has another count, or a name is empty or
/// there twice, and for text in UTF-16.
Csv read_csv(const std::filesystem::path& file, DType dtype = f64);
Csv read_csv(std::istream& in, DType dtype = f64, const std::string& name = "stream");

}  // namespace dagrad
