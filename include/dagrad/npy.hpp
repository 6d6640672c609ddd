#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

#include "dagrad/tensor.hpp"

namespace dagrad {

struct NpyOptions {
  /// Whether elements of other kinds are read as the next dtype that holds each of them exactly:
  /// int8, uint8, int16 and uint16 as int32, uint32 as int64, float16 as float32.
  bool widen = false;
};

/// NumPy's .npy format, versions 1 to 3, as written under Python 2 or 3, C order (Fortran order is
/// transposed on reading), little or big endian, of bool, int32, int64, float32 and float64, and of
/// what `options` adds. Throws FileError with the file, the offset and what was expected there.
Tensor read_npy(const std::filesystem::path& file, const NpyOptions& options = {});
Tensor read_npy(std::istream& in, const std::string& name = "stream",
                const NpyOptions& options = {});
/// Throws FileError where the tensor cannot be written as a whole.
void write_npy(const std::filesystem::path& file, const Tensor& tensor);
void write_npy(std::ostream& out, const Tensor& tensor);

}  // namespace dagrad
