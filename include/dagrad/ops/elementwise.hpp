#pragma once

/// All elementwise ops.

#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/logic.hpp"
