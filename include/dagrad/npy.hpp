#pragma once

#include <filesystem>
#include <iosfwd>

#include "dagrad/tensor.hpp"

namespace dagrad {

/// NumPy's .npy format, versions 1 to 3, C order (Fortran order is transposed on reading), little
/// or big endian, of bool, int32, int64, float32 and float64. Throws FileError with the file, the
/// offset and what was expected there.
Tensor read_npy(const std::filesystem::path& file);
Tensor read_npy(std::istream& in, const std::string& name = "stream");
void write_npy(const std::filesystem::path& file, const Tensor& tensor);
void write_npy(std::ostream& out, const Tensor& tensor);

}  // namespace dagrad
