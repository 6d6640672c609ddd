#pragma once

#include <cstdint>
#include <vector>

#include "dagrad/batching.hpp"

/// What the rules for batches of built-in ops share.
namespace dagrad {

/// The same axis or axes of operands with a batch axis in front.
std::int64_t behind_batch(std::int64_t axis);
std::vector<std::int64_t> behind_batch(std::vector<std::int64_t> axes);

/// The sizes of result i with the batch axis.
std::vector<std::int64_t> batched_sizes(const BatchContext& b, std::size_t result = 0);

/// Operand i with the batch axis and axes of length 1 after it, so that it has `rank` axes besides.
Value spread(const BatchContext& b, std::size_t i, int rank);

}  // namespace dagrad
