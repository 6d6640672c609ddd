#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "dagrad/npy.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

/// NumPy's .npz format: a ZIP archive with a member "name.npy" for each array.

/// All arrays of a file, stored or deflated, as `np.savez` and `np.savez_compressed` write them.
/// Each is read as by `read_npy`. Throws FileError with the file, the member and what is wrong
/// there: not an archive, a truncated one, a checksum that differs, a name that is there twice, an
/// encrypted member, one that is not a .npy file or declares more than the file can hold.
std::map<std::string, Tensor> read_npz(const std::filesystem::path& file,
                                       const NpyOptions& options = {});

/// Stored, in the order of their names, with no time of writing: the same tensors are the same
/// bytes. The file is replaced as a whole once the new one is on the disk, so that a crash leaves
/// the old one or the new one; it keeps its mode. A symbolic link is followed to the file that it
/// leads to. Throws FileError, and leaves the old file, also for what is not a regular file (a
/// device, a pipe, a folder); ArgumentError for a name that is not UTF-8, holds control characters
/// other than white space or has more than 65,531 bytes.
void write_npz(const std::filesystem::path& file, const std::map<std::string, Tensor>& tensors);

}  // namespace dagrad
