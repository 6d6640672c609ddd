#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

#include "dagrad/tensor.hpp"

namespace dagrad {

struct NpyOptions {
  /// Whether elements are read as the next dtype that ops compute in and that holds each of them
  /// exactly: int8, uint8, int16 and uint16 as int32, uint32 as int64, float16 and bfloat16 as
  /// float32.
  bool widen = false;
};

/// NumPy's .npy format, versions 1 to 3, as written under Python 2 or 3, C order (Fortran order is
/// transposed on reading), little or big endian, of every dtype, and of what `options` adds. NumPy
/// has no bfloat16: its elements are "V2", two raw bytes, as `np.save` writes those of the package
/// ml_dtypes; `np.load(file).view(ml_dtypes.bfloat16)` reads them. Throws FileError with the file,
/// the offset and what was expected there.
Tensor read_npy(const std::filesystem::path& file, const NpyOptions& options = {});
Tensor read_npy(std::istream& in, const std::string& name = "stream",
                const NpyOptions& options = {});
/// Throws FileError where the tensor cannot be written as a whole.
void write_npy(const std::filesystem::path& file, const Tensor& tensor);
void write_npy(std::ostream& out, const Tensor& tensor);

}  // namespace dagrad
