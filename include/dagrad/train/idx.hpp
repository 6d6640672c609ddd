#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

#include "dagrad/tensor.hpp"

namespace dagrad {

/// Reads a tensor in the IDX format, in which MNIST and its successors are published (LeCun, Cortes
/// and Burges, "The MNIST database of handwritten digits"): two zero bytes, one byte for the type
/// of the elements (uint8, int8, int16, int32, float32 or float64), one for the number of axes, a
/// 32-bit size for each axis, and the elements, all with the most significant byte first. The
/// images of MNIST are uint8[60000,28,28], and its labels uint8[60000].
///
/// Throws FileError with the file and the offset if the first bytes are others, the file ends too
/// early or too late, or the tensor has more than 8 axes or too many elements. A file that is still
/// compressed (.gz) is such an error, too: unpack it with gunzip first.
Tensor read_idx(const std::filesystem::path& file);
Tensor read_idx(std::istream& in, const std::string& name = "stream");

}  // namespace dagrad
