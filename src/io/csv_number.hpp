#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dagrad/dtype.hpp"
#include "src/io/csv_lines.hpp"

namespace dagrad::detail {

/// A field of a row, with the names of all columns and the number of its own.
struct CsvCell {
  const std::string& field;
  const std::vector<std::string>& columns;
  std::size_t column;
  const CsvLines& lines;

  [[noreturn]] void fail(const std::string& what) const;
};

/// Which numbers are read. The texts must outlive it.
struct CsvRules {
  bool finite;                              ///< whether infinities and NaN are errors
  const std::vector<std::string>& missing;  ///< texts that mean NaN
};

/// The number in a cell as the dtype holds it: V is int64 for integers and bools, float for
/// float32, and double for the other floats. A float that is too small becomes 0. Throws FileError
/// if the field is not a number of the dtype, is missing although the dtype has no NaN, or is not
/// finite as the rules say.
template <class V>
V csv_number(const CsvCell& cell, DType dtype, const CsvRules& rules);

extern template std::int64_t csv_number(const CsvCell& cell, DType dtype, const CsvRules& rules);
extern template float csv_number(const CsvCell& cell, DType dtype, const CsvRules& rules);
extern template double csv_number(const CsvCell& cell, DType dtype, const CsvRules& rules);

}  // namespace dagrad::detail
