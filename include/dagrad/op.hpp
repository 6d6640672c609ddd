#pragma once

/// Any op struct as an Op.

#include "dagrad/detail/op_model.hpp"
#include "dagrad/op_interface.hpp"
