// expect: dagrad: a Value is not a condition, for it is computed when a function runs: choose elements with where(condition, a, b)
#include <dagrad/dagrad.hpp>

dagrad::Value relu(const dagrad::Value& x) { return x > 0 ? x : 0 * x; }
