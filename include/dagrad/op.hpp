#pragma once

/// Defines the conversion of op structs to Op.

#include "dagrad/detail/op_model.hpp"
#include "dagrad/op_interface.hpp"
