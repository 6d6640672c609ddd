#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "dagrad/dtype.hpp"

namespace dagrad::detail {

/// An element type of .npy files.
struct NpyElement {
  std::string_view code;  ///< NumPy's code, without the byte order
  std::string_view name;
  std::size_t size;            ///< bytes of an element in the file
  std::optional<DType> dtype;  ///< the same type in dagrad, if there is one
  DType wide;  ///< the smallest dtype that ops compute in and that represents all its values
  /// Converts `count` elements, in this machine's byte order, to `wide`; null if they are of that
  /// dtype already.
  void (*widen)(const std::byte* from, std::size_t count, std::byte* to);
};

/// The element type of a descr such as "<f8"; null if it cannot be read, not even with widening.
const NpyElement* find_npy_element(std::string_view descr);

/// NumPy's code of a dtype.
std::string_view npy_code(DType dtype);

/// The meaning of a NumPy descr in words; empty if unknown.
std::string_view meaning_of_descr(std::string_view descr);

}  // namespace dagrad::detail
