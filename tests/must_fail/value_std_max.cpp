// expect: and take the larger ones with maximum(a, b)
#include <dagrad/dagrad.hpp>

#include <algorithm>

dagrad::Value larger(const dagrad::Value& a, const dagrad::Value& b) { return std::max(a, b); }
