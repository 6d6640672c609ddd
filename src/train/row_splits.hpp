#pragma once

#include <cstdint>
#include <vector>

#include "dagrad/train/split.hpp"

/// The functions of the same names, for callers of this room: their errors name neither a function
/// nor a line.
namespace dagrad::detail {

RowSplit split_rows(const Dataset& data, double fraction, const SplitOptions& options);
std::vector<RowSplit> fold_rows(const Dataset& data, std::int64_t folds,
                                const SplitOptions& options);

}  // namespace dagrad::detail
