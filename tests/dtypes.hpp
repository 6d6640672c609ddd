#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "dagrad/dtype.hpp"

namespace dagrad::test {

/// All dtypes, in their order.
inline constexpr std::array<DType, dtype_count> every_dtype = [] {
  std::array<DType, dtype_count> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<DType>(i);
  return all;
}();

/// Those that are stored only.
inline std::vector<DType> stored_dtypes() {
  std::vector<DType> stored;
  for (const DType dtype : every_dtype)
    if (is_stored_only(dtype)) stored.push_back(dtype);
  return stored;
}

/// Ints that are stored only.
inline std::vector<DType> small_ints() {
  std::vector<DType> ints;
  for (const DType dtype : stored_dtypes())
    if (!is_float(dtype)) ints.push_back(dtype);
  return ints;
}

}  // namespace dagrad::test
