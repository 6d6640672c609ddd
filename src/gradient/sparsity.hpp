#pragma once

#include <span>
#include <string_view>

#include <optional>

#include "dagrad/gradient.hpp"
#include "dagrad/pattern.hpp"
#include "src/gradient/index_sets.hpp"

namespace dagrad::detail {

/// The pattern of the Jacobian of the ys, whose elements are the rows one after the other, with
/// respect to the xs, whose elements are the columns. Their types have been checked. Empty if
/// every element is known to depend on every x, and `unless_dense` is set.
std::optional<SparsityPattern> find_pattern(std::string_view function, std::span<const Value> ys,
                                            std::span<const Value> xs, Unconnected unconnected,
                                            bool unless_dense = false);

/// The number of elements of all values together.
std::int64_t total_elements(std::span<const Value> values);

}  // namespace dagrad::detail
