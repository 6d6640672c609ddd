// expect: dagrad cannot be compiled with -ffast-math
// flags: -ffast-math
#include <dagrad/dagrad.hpp>
