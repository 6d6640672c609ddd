#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include "dagrad/config.hpp"

namespace dagrad {

/// The axes that a function works along: one, several, or all where none are given. Negative ones
/// count from the end.
class Axes {
 public:
  Axes() = default;
  Axes(std::int64_t axis) : Axes({axis}) {}
  Axes(std::initializer_list<std::int64_t> axes);
  Axes(std::vector<std::int64_t> axes);
  Axes(std::span<const std::int64_t> axes);

  /// The axes as they were given; none where all are meant.
  const std::optional<std::vector<std::int64_t>>& given() const { return axes_; }
  /// Counted from 0 and in ascending order; as they were given where they do not fit the rank.
  std::vector<std::int64_t> of(int rank) const;

 private:
  std::optional<std::vector<std::int64_t>> axes_;
};

}  // namespace dagrad
