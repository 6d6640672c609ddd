#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "dagrad/tensor.hpp"

namespace dagrad {

/// Numbers under a header line.
struct Csv {
  std::vector<std::string> columns;
  Tensor values;  ///< [rows, columns]
};

/// Reads numbers separated by commas under one line of names. Throws FileError with file, line and
/// column where a field is no number, a line has another count, or a name is empty or twice there.
Csv read_csv(const std::filesystem::path& file, DType dtype = f64);
Csv read_csv(std::istream& in, DType dtype = f64, const std::string& name = "stream");

}  // namespace dagrad
