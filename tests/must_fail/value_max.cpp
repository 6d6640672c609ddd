// expect: dagrad: max(x, axes) takes the largest element over axes: write maximum(a, b) for the larger elements of two values
#include <dagrad/dagrad.hpp>

dagrad::Value larger(const dagrad::Value& a, const dagrad::Value& b) { return max(a, b); }
