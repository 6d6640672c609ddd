#pragma once

#include <type_traits>

#include "dagrad/tensor.hpp"

namespace dagrad::test {

/// The numbers that tests/golden/npy.py writes.
inline Tensor npy_numbers(DType dtype, const Shape& shape) {
  Tensor tensor(Type{dtype, shape});
  dispatch_stored(dtype, [&]<class T>(std::type_identity<T>) {
    int i = 0;
    for (T& value : tensor.mutate<T>()) {
      const int number = 7 * i++ % 11 - 5;
      if constexpr (std::is_same_v<T, bool>) {
        value = number > 0;
      } else if constexpr (std::is_integral_v<T>) {
        value = static_cast<T>(number);
      } else {
        value = static_cast<T>(number / 4.0);
      }
    }
  });
  return tensor;
}

}  // namespace dagrad::test
