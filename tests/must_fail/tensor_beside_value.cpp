// expect: dagrad: a Tensor has no arithmetic: make it an input or a constant of a graph, compute
// with values, and evaluate the result
#include <dagrad/dagrad.hpp>

dagrad::Value scaled(const dagrad::Value& x, const dagrad::Tensor& scale) { return x * scale; }
