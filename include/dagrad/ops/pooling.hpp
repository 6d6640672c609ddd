#pragma once

#include "dagrad/graph.hpp"

namespace dagrad {

/// The mean of each channel's plane: [n, c, h, w] is [n, c]. Throws ShapeError for other ranks than
/// 4 and for empty planes, TypeError for dtypes that `mean` does not take.
Value global_avg_pool(const Operand& in);

}  // namespace dagrad
