// expect: dagrad::Value
#include <dagrad/dagrad.hpp>

bool positive(const dagrad::Value& x) { return x > 0; }
