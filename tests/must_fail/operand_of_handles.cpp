// expect: dagrad: a bool is not an operand: == compares handles, so write equal(a, b) to compare
// elements, and graph.constant(true) for a constant
#include <dagrad/dagrad.hpp>

dagrad::Value hits(const dagrad::Value& logits, const dagrad::Value& labels) {
  return where(argmax(logits, -1) == labels, 1, zeros_like(labels));
}
