#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include "dagrad/npy.hpp"
#include "dagrad/shape.hpp"
#include "src/io/npy_element.hpp"

namespace dagrad::detail {

/// What comes before the elements in a .npy file.
struct NpyHeader {
  Type type;                            ///< that of the tensor that is read
  const NpyElement* element = nullptr;  ///< what the file holds
  bool fortran = false;                 ///< the first axis is the fastest
  bool swapped = false;                 ///< bytes of an element in the other order than here
  std::size_t size = 0;                 ///< bytes of the header: the offset of the elements

  std::size_t bytes() const { return static_cast<std::size_t>(type.elements()) * element->size; }
};

/// Throws FileError, with `name` as the name of the file.
NpyHeader read_npy_header(std::istream& in, const std::string& name, const NpyOptions& options);

/// The header of a tensor's file, magic and version included.
std::string npy_header(const Type& type);

}  // namespace dagrad::detail
