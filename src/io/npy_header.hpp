#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

#include "dagrad/npy.hpp"
#include "dagrad/shape.hpp"
#include "src/io/npy_element.hpp"

namespace dagrad::detail {

/// The part of a .npy file before the elements.
struct NpyHeader {
  Type type;                            ///< type of the tensor to be read
  const NpyElement* element = nullptr;  ///< element type in the file
  bool fortran = false;                 ///< whether the first axis varies fastest
  bool swapped = false;                 ///< whether the bytes of elements must be swapped
  std::size_t size = 0;  ///< size of the header in bytes, which is the offset of the elements

  std::size_t bytes() const { return static_cast<std::size_t>(type.elements()) * element->size; }
};

/// Reads a header. Throws FileError; `name` is the name of the file in errors.
NpyHeader read_npy_header(std::istream& in, const std::string& name, const NpyOptions& options);

/// The header of a tensor's file, including magic and version.
std::string npy_header(const Type& type);

}  // namespace dagrad::detail
