#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dagrad/tensor.hpp"

/// Reads tests/data/adbench, whose README explains the numbers. All tensors are float64.
///
/// The readers throw FileError with the file, the position and the reason: the file cannot be read,
/// a word is not a finite number, a size is not an integer or is out of range, or there are too few
/// or too many numbers.
namespace dagrad::adbench {

/// A Gaussian mixture with its data and prior.
struct Gmm {
  Tensor alpha;  ///< [k]
  Tensor means;  ///< [k, d]
  Tensor icf;    ///< [k, d(d+1)/2]: logs of a diagonal, then the elements below it, by columns
  Tensor x;      ///< [n, d]
  double gamma = 0;
  std::int64_t m = 0;
};
Gmm read_gmm(const std::filesystem::path& file);

struct Lstm {
  Tensor main;      ///< [layers, 2, 4, bits]: weights and biases of forget, input, output, change
  Tensor extra;     ///< [3, bits]: weight of the input; weight and bias of the output
  Tensor state;     ///< [layers, 2, bits]: hidden, cell
  Tensor sequence;  ///< [characters, bits], zeros and ones
};
Lstm read_lstm(const std::filesystem::path& file);

/// Cameras that see points. ADBench gives one of each, all others are copies of it.
struct Ba {
  Tensor cameras;  ///< [n, 11]: rotation 3, centre 3, focal length, principal point 2, distortion 2
  Tensor points;   ///< [m, 3]
  Tensor weights;  ///< [p]
  Tensor features;             ///< [p, 2]: where the points were seen
  Tensor camera_of, point_of;  ///< int32 [p]: which camera sees which point
};
Ba read_ba(const std::filesystem::path& file);

/// The contents of the golden files for an input.
struct Golden {
  double value = 0;
  std::vector<double> gradient;

  /// max |x - g| / max |g| for gradients in the order of the inputs; infinite if their number
  /// differs.
  double error_of(const std::vector<Tensor>& gradients) const;
};
/// Reads the golden files of an input: <name>_F.txt and <name>_J.txt in the directory `golden`
/// beside its own.
Golden read_golden(const std::filesystem::path& file);

/// The path of the input with this name, such as "gmm_d20_K50".
std::filesystem::path file(const std::string& name);
/// All inputs of a model, "gmm", "lstm" or "ba", in the order of their names.
std::vector<std::filesystem::path> files(const std::string& model);

}  // namespace dagrad::adbench
