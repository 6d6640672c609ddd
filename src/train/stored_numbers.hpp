#pragma once

#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/state.hpp"
#include "dagrad/value.hpp"
#include "src/train/numbers.hpp"

namespace dagrad::detail {

/// Throws ArgumentError unless there are parameters, each listed once, and TypeError unless they
/// are float32 or float64.
void require_float_parameters(ValueSpan parameters);

/// Appends the elements of a tensor as float64.
void append_numbers(Numbers& numbers, const Tensor& tensor);

/// The values of some parameters in a State, as one list of numbers, and functions that read them.
class StoredNumbers {
 public:
  /// All arguments must outlive it.
  StoredNumbers(ValueSpan parameters, State& state, const Feeds& feeds, const RunOptions& options,
                Location where)
      : parameters_(parameters), state_(state), feeds_(feeds), options_(options), where_(where) {}

  Numbers get() const;
  /// Rounds the numbers to the dtypes of the parameters.
  void set(const Numbers& numbers);
  /// The numbers as float64 tensors with the shapes of the parameters.
  std::vector<Tensor> shaped(const Numbers& numbers) const;
  /// The results of a function for the numbers and the feeds.
  std::vector<Tensor> run(const Function& function) const;

 private:
  ValueSpan parameters_;
  State& state_;
  const Feeds& feeds_;
  const RunOptions& options_;
  Location where_;
};

}  // namespace dagrad::detail
