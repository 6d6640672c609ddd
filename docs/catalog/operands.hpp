#pragma once

#include <map>
#include <string>
#include <vector>

namespace dagrad::catalog {

/// The names of the operands of ops that neither a functor nor a builder of the same name gives.
/// Optional operands come last.
inline const std::map<std::string, std::vector<std::string>> operands_of_ops = {
    {"avg_pool_gradient", {"d", "like"}},
    {"conv", {"x", "kernel"}},
    {"conv_kernel", {"x", "d", "like"}},
    {"conv_transpose", {"x", "kernel", "like"}},
    {"custom_gradient", {"output", "input"}},
    {"det_slope", {"a", "direction"}},
    {"dropout_mask", {"key", "like"}},
    {"last_along_axis_like", {"indices", "like"}},
    {"last_named_like", {"indices", "like"}},
    {"masked", {"x", "mask"}},
    {"masked_matmul", {"weights", "x", "mask"}},
    {"masked_scores", {"q", "k", "mask"}},
    {"masked_softmax", {"x", "mask"}},
    {"masked_softmax_gradient", {"d", "y", "mask"}},
    {"max_pool_gradient", {"d", "x"}},
    {"max_pool_pick", {"x", "by"}},
    {"one_hot", {"indices", "like"}},
    {"split_like", {"x", "part0", "part1", "part2"}},
    {"standardize_gradient", {"d", "y", "r"}},
    {"tied_share", {"x", "total"}},
    {"unsplit_like", {"like", "part0"}},
};

}  // namespace dagrad::catalog
