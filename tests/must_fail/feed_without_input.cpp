// expect: dagrad::Function
#include <dagrad/dagrad.hpp>

// With two inputs a list of tensors would be a guess: feeds name them.
auto call(const dagrad::Function& f, const dagrad::Tensor& a, const dagrad::Tensor& b) {
  return f({a, b});
}
