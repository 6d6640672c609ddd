#pragma once

#include <cstdint>
#include <string_view>

namespace dagrad::detail {

/// Bytes of a name as it is given, and of one with the scopes before it: an .npz file calls a
/// parameter by that one, and ".npy", in a field of 65,535 bytes.
inline constexpr std::size_t longest_name = 4096;
inline constexpr std::size_t longest_full_name = 65'531;

/// What is named: the last is an array in a file, the others belong to a graph.
enum class Named : std::uint8_t { node, scope, op, array };

/// Throws ArgumentError, saying what is wrong, unless it can be the name of such a thing. Names
/// that are made of others' may be longer than those that are given.
void check_name(std::string_view name, Named what, std::size_t longest = longest_name);
/// Throws ArgumentError where a name has become too long by the scopes before it.
void check_full_name(std::string_view name, Named what);

}  // namespace dagrad::detail
