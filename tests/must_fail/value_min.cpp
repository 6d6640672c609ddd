// expect: dagrad: min(x, axes) takes the smallest element over axes: write minimum(a, b) for the smaller elements of two values
#include <dagrad/dagrad.hpp>

dagrad::Value smaller(const dagrad::Value& a) { return min(0.5, a); }
