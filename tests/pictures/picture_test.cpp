#include "src/pictures/picture.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/structural.hpp"

namespace {
using namespace dagrad;
}
