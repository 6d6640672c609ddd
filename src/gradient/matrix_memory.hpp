#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "dagrad/value.hpp"

namespace dagrad::detail {

/// Throws ArgumentError if the matrix of the derivatives of the ys with respect to the xs needs
/// `bytes`, which are more than `limit`; 0 stands for the memory of the machine. `remedy` follows
/// the text.
void check_memory(std::string_view function, std::span<const Value> ys, std::span<const Value> xs,
                  double bytes, std::size_t limit, std::string_view remedy);

}  // namespace dagrad::detail
