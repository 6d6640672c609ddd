#pragma once

#include <fmt/format.h>

#include <string_view>
#include <unordered_set>

#include "dagrad/error.hpp"
#include "dagrad/graph.hpp"

/// Checks of the arguments of what trains. Callers add their name and the line.
namespace dagrad::detail {

/// Throws ArgumentError, as in "momentum must be in [0, 1), got 1", unless `right`.
template <class Number>
void require(bool right, std::string_view what, std::string_view range, Number got) {
  if (!right) throw ArgumentError(fmt::format("{} must be {}, got {}", what, range, got));
}

/// The parameters listed so far.
class ListedParameters {
 public:
  /// Throws ArgumentError if the value is not a parameter or has been added before.
  void add(const Value& value) {
    if (value.node().kind() != NodeKind::parameter)
      throw ArgumentError(fmt::format("'{}' is not a parameter", value.name()));
    if (!seen_.insert(value).second)
      throw ArgumentError(fmt::format("parameter '{}' is listed twice", value.name()));
  }

 private:
  std::unordered_set<Value> seen_;
};

}  // namespace dagrad::detail
