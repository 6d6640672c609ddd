#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dagrad/tensor.hpp"

/// Reads tests/data/adbench, whose README says what the numbers are. All tensors are f64.
///
/// The readers throw FileError with the file, the number and what is wrong there: a file that
/// cannot be read, a word that is no finite number, a size that is no whole number or out of
/// range, too few or too many numbers.
namespace dagrad::adbench {

/// A Gaussian mixture, its data and prior.
struct Gmm {
  Tensor alpha;  ///< [k]
  Tensor means;  ///< [k, d]
  Tensor icf;    ///< [k, d(d+1)/2]: logs of a diagonal, then what stands below it, by columns
  Tensor x;      ///< [n, d]
  double gamma = 0;
  std::int64_t m = 0;
};
Gmm read_gmm(const std::filesystem::path& file);

struct Lstm {
  Tensor main;      ///< [layers, 2, 4, bits]: weights, biases; of forget, input, output, change
  Tensor extra;     ///< [3, bits]: weight of the input; weight and bias of the output
  Tensor state;     ///< [layers, 2, bits]: hidden, cell
  Tensor sequence;  ///< [characters, bits], of 0 and 1
};
Lstm read_lstm(const std::filesystem::path& file);

/// What the golden files hold for an input.
struct Golden {
  double value = 0;
  std::vector<double> gradient;

  /// max |x - g| / max |g| of gradients that follow one another as the inputs do; infinite where
  /// they are not as many.
  double error_of(const std::vector<Tensor>& gradients) const;
};
/// Of an input: <name>_F.txt and <name>_J.txt in the folder `golden` beside its own.
Golden read_golden(const std::filesystem::path& file);

/// The input with this name: "gmm_d20_K50".
std::filesystem::path file(const std::string& name);
/// All inputs of a model, "gmm" or "lstm", in the order of their names.
std::vector<std::filesystem::path> files(const std::string& model);

}  // namespace dagrad::adbench
