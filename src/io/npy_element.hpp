#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "dagrad/dtype.hpp"

namespace dagrad::detail {

/// A kind of elements that .npy files hold.
struct NpyElement {
  std::string_view code;  ///< NumPy's, without the byte order
  std::string_view name;
  std::size_t size;            ///< bytes of an element in the file
  std::optional<DType> dtype;  ///< the same one here; empty where there is none
  DType wide;                  ///< the next one that ops compute in and that holds each of them
  /// Converts `count` elements, in this machine's byte order, to `wide`; null where they are of
  /// that dtype already.
  void (*widen)(const std::byte* from, std::size_t count, std::byte* to);
};

/// The element of a descr such as "<f8"; null where it is not read, with or without widening.
const NpyElement* find_npy_element(std::string_view descr);

/// NumPy's code of a dtype.
std::string_view npy_code(DType dtype);

/// What NumPy means by a descr, in words; empty where that is not known.
std::string_view meaning_of_descr(std::string_view descr);

}  // namespace dagrad::detail
