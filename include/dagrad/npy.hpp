#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

#include "dagrad/tensor.hpp"

namespace dagrad {

struct NpyOptions {
  /// Whether elements of a dtype that ops do not compute in are read as the next larger one that
  /// they do compute in, which is exact: int8, uint8, int16 and uint16 as int32, uint32 as int64,
  /// float16 and bfloat16 as float32.
  bool widen = false;
};

/// Reads a tensor in NumPy's .npy format, versions 1 to 3, as written under Python 2 or 3, in C or
/// Fortran order (which is transposed), in either byte order, of every dtype of dagrad and those
/// that `options` adds. NumPy has no bfloat16, so its elements have the type "V2", two raw bytes,
/// as `np.save` writes those of the package ml_dtypes; `np.load(file).view(ml_dtypes.bfloat16)`
/// reads them. Throws FileError with the file, the offset and what was expected there.
Tensor read_npy(const std::filesystem::path& file, const NpyOptions& options = {});
Tensor read_npy(std::istream& in, const std::string& name = "stream",
                const NpyOptions& options = {});
/// Writes a tensor in that format. Throws FileError if it cannot be written completely; an existing
/// file stays as it was.
void write_npy(const std::filesystem::path& file, const Tensor& tensor);
void write_npy(std::ostream& out, const Tensor& tensor);

}  // namespace dagrad
