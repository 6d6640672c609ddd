// expect: dagrad needs C++20
// flags: -std=c++17
#include <dagrad/dagrad.hpp>
