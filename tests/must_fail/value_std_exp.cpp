// expect: no matching function for call to
#include <dagrad/dagrad.hpp>

#include <cmath>

// dagrad's own is found without the namespace: exp(x).
dagrad::Value grown(const dagrad::Value& x) { return std::exp(x); }
