// expect: dagrad: a Value is not a condition, for it is computed when a function runs: choose elements with where(condition, a, b), compare them with equal(a, b), and take the larger ones with maximum(a, b)
#include <dagrad/dagrad.hpp>

dagrad::Value relu(const dagrad::Value& x) {
  if (x > 0) return x;
  return 0 * x;
}
