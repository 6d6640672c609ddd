#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "dagrad/npy.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

/// NumPy's .npz format: a ZIP archive with a member "name.npy" for each array.

/// Reads all arrays of a file, stored or deflated, as `np.savez` and `np.savez_compressed` write
/// them; each as `read_npy` does. Throws FileError with the file, the member and the reason: the
/// file is not an archive or is truncated, a checksum differs, a name occurs twice, or a member is
/// encrypted, is not a .npy file or declares more data than the file can hold.
std::map<std::string, Tensor> read_npz(const std::filesystem::path& file,
                                       const NpyOptions& options = {});

/// Writes tensors uncompressed, in the order of their names and without a time stamp, so that equal
/// tensors give equal bytes. The old file is replaced once the new one is on disk, so that after a
/// crash either the old or the new file is there. The file keeps its permissions, and a symbolic
/// link is followed. Throws FileError if writing fails or the target is not a regular file (a
/// device, a pipe, a directory), which leaves the old file untouched; ArgumentError if a name is
/// not UTF-8, contains control characters other than white space or has more than 65,531 bytes.
void write_npz(const std::filesystem::path& file, const std::map<std::string, Tensor>& tensors);

}  // namespace dagrad
