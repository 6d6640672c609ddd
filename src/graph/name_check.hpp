#pragma once

#include <cstdint>
#include <string_view>

namespace dagrad::detail {

/// The most bytes that a name may have as given, and together with its scopes. An .npz file stores
/// the latter, followed by ".npy", in a field of at most 65,535 bytes.
inline constexpr std::size_t longest_name = 4096;
inline constexpr std::size_t longest_full_name = 65'531;

/// What a name is for: an array in a file, or something in a graph.
enum class Named : std::uint8_t { node, scope, op, array };

/// Throws ArgumentError with the reason if the name is malformed. Names derived from other names
/// may be longer than those that users give, hence `longest`.
void check_name(std::string_view name, Named what, std::size_t longest = longest_name);
/// Throws ArgumentError if a name is too long together with its scopes.
void check_full_name(std::string_view name, Named what);

}  // namespace dagrad::detail
