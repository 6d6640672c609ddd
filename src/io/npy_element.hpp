#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "dagrad/dtype.hpp"

namespace dagrad::detail {

/// A kind of elements that .npy files hold.
struct NpyElement {
  std::string_view code;  ///< NumPy's, without the byte order
  std::string_view name;
  DType dtype;       ///< what it is read as
  std::size_t size;  ///< bytes of an element in the file
  /// Converts `count` elements, in this machine's byte order, to the dtype, which holds each of
  /// them exactly; null where they are of that dtype already.
  void (*widen)(const std::byte* from, std::size_t count, std::byte* to);
};

/// The element of a descr such as "<f8"; null where it is not read, with or without widening.
const NpyElement* find_npy_element(std::string_view descr);

/// NumPy's code of a dtype.
std::string_view npy_code(DType dtype);

/// What NumPy means by a descr, in words; empty where that is not known.
std::string_view meaning_of_descr(std::string_view descr);

}  // namespace dagrad::detail
