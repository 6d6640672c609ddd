#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace dagrad::detail {

/// What is known of a node's users while the levels of a graph are raised, users first.
struct UserLevels {
  static constexpr std::int32_t unlimited = std::numeric_limits<std::int32_t>::max();
  std::int32_t bound = unlimited;  ///< the highest level that they allow
  bool fit_at_bound = false;       ///< whether a user of that level fits
  bool all_fit = true;             ///< whether all users fit and have that level

  /// Adds a user that allows this level.
  void add(std::int32_t level, bool fits) {
    all_fit = all_fit && fits && (bound == unlimited || bound == level);
    fit_at_bound = fits ? level <= bound : fit_at_bound && level >= bound;
    bound = std::min(bound, level);
  }
};

/// The bit of a result in a set of a node's results; the last bit stands for all further ones.
inline std::uint32_t result_bit(std::uint32_t port) { return 1U << std::min(port, 31U); }

}  // namespace dagrad::detail
