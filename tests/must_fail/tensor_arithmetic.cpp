// expect: dagrad: a Tensor has no arithmetic: make it an input or a constant of a graph, compute
// with values, and evaluate the result
#include <dagrad/dagrad.hpp>

dagrad::Tensor centred(const dagrad::Tensor& x) { return x - mean(x, 0); }
