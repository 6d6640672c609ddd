#include "src/train/stored_numbers.hpp"

#include <fmt/format.h>

#include <map>
#include <span>
#include <string>
#include <utility>

#include "src/train/require.hpp"

namespace dagrad::detail {

void require_float_parameters(ValueSpan parameters) {
  if (parameters.empty()) throw ArgumentError("needs at least one parameter");
  ListedParameters listed;
  for (const Value& p : parameters) {
    listed.add(p);
    if (p.dtype() != f32 && p.dtype() != f64)
      throw TypeError(fmt::format("parameters must be float32 or float64, but '{}' is {}", p.name(),
                                  to_string(p.type())));
  }
}

void append_numbers(Numbers& numbers, const Tensor& tensor) {
  const Tensor wide = tensor.cast(f64);
  const auto values = wide.values<double>();
  numbers.insert(numbers.end(), values.begin(), values.end());
}

Numbers StoredNumbers::get() const {
  Numbers numbers;
  for (const Value& parameter : parameters_) append_numbers(numbers, state_.get(parameter, where_));
  return numbers;
}

std::vector<Tensor> StoredNumbers::shaped(const Numbers& numbers) const {
  std::vector<Tensor> tensors;
  std::span<const double> rest(numbers);
  for (const Value& parameter : parameters_) {
    const auto size = static_cast<std::size_t>(parameter.size());
    tensors.emplace_back(parameter.shape(), rest.first(size));
    rest = rest.subspan(size);
  }
  return tensors;
}

void StoredNumbers::set(const Numbers& numbers) {
  std::map<std::string, Tensor> values;
  const std::vector<Tensor> tensors = shaped(numbers);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    values[parameters_[i].name()] = tensors[i].cast(parameters_[i].dtype());
  state_.set(values, where_);
}

std::vector<Tensor> StoredNumbers::run(const Function& function) const {
  return function(std::as_const(state_), feeds_, options_, where_);
}

}  // namespace dagrad::detail
