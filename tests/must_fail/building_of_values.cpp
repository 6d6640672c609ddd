// expect: a builder must take its values as Operands, which record the line of the call
#include <dagrad/dagrad.hpp>

dagrad::Value twice(const dagrad::Value& x) {
  const dagrad::Building building{x};
  return x + x;
}
